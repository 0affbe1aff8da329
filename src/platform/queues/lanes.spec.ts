import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Config } from '../config/config.js';
import { Lanes } from './lanes.js';

const CONCURRENCY = 4;

/** Work that goes on until it is told to end. */
class Held {
  running = 0;
  started = 0;
  private readonly ends: (() => void)[] = [];

  readonly work = async (): Promise<'done'> => {
    this.running++;
    this.started++;
    await new Promise<void>((resolve) => this.ends.push(resolve));
    this.running--;
    return 'done';
  };

  end(): void {
    this.ends.shift()!();
  }
}

describe('the lanes of a queue', () => {
  let lanes: Lanes;
  let bulk: Held;

  beforeEach(() => {
    lanes = new Lanes(
      Config.from({
        DATABASE_URL: 'postgres://127.0.0.1/a',
        ACTIVITY_SHARD_URLS: 'postgres://127.0.0.1/b',
        REDIS_URL: 'redis://127.0.0.1',
        JWT_SECRET: 'x'.repeat(32),
        FANOUT_CONCURRENCY: String(CONCURRENCY),
      }),
    );
    bulk = new Held();
  });

  it('run all bulk jobs but one place, let one wait, and send the others away', async () => {
    const taken = Array.from({ length: CONCURRENCY }, () => lanes.inBulk(bulk.work));
    expect(bulk.running).toBe(CONCURRENCY - 1);
    expect(await lanes.inBulk(bulk.work)).toBe(false);
    expect(lanes.places).toBeGreaterThan(CONCURRENCY);
    bulk.end();
    await vi.waitFor(() => expect(bulk.started).toBe(CONCURRENCY));
    for (let i = 1; i < CONCURRENCY; i++) bulk.end();
    expect(await Promise.all(taken)).toEqual(taken.map(() => true));
    const again = lanes.inBulk(bulk.work);
    expect(bulk.running).toBe(1);
    bulk.end();
    expect(await again).toBe(true);
  });

  it('give a place back when a bulk job fails', async () => {
    const fails = () => Promise.reject(new Error('no luck'));
    for (let i = 0; i < CONCURRENCY * 2; i++) await expect(lanes.inBulk(fails)).rejects.toThrow('no luck');
  });

  it('take large steps side by side while nothing else is there', async () => {
    const calm = lanes.stepSize;
    const steps = [lanes.step(bulk.work), lanes.step(bulk.work)];
    expect(bulk.running).toBe(2);
    bulk.end();
    bulk.end();
    await Promise.all(steps);
    await lanes.urgently(() => Promise.resolve('open'));
    expect(lanes.stepSize, 'after a post for very many').toBe(calm);
    await lanes.urgently(() => Promise.resolve('done'));
    expect(lanes.stepSize).toBeLessThan(calm);
  });

  it('take steps one at a time, and after the urgent jobs, once there are some', async () => {
    const urgent = new Held();
    const done = lanes.urgently(urgent.work);
    const steps = [lanes.step(bulk.work), lanes.step(bulk.work)];
    expect(bulk.running).toBe(0);
    urgent.end();
    await done;
    await vi.waitFor(() => expect(bulk.running).toBe(1));
    bulk.end();
    await steps[0];
    await vi.waitFor(() => expect(bulk.running).toBe(1));
    bulk.end();
    await steps[1];
  });

  it('never keep bulk work back for good', async () => {
    const urgent = new Held();
    const done = lanes.urgently(urgent.work);
    await lanes.step(() => Promise.resolve());
    expect(urgent.running).toBe(1);
    urgent.end();
    await done;
  });
});
