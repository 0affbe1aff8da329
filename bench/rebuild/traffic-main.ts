import 'reflect-metadata';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { NestFactory } from '@nestjs/core';
import { OperatorModule } from '../../src/app/app.module.js';
import { Config } from '../../src/platform/config/config.js';
import { errorText } from '../../src/platform/error-text.js';
import { Problem } from '../../src/platform/http/problem.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { Relationships } from '../../src/relationships/relationships.js';
import { GraphView } from '../../src/users/graph-view.js';
import { Random } from '../harness/random.js';

/** What the parent asks of this process. */
export type TrafficOrder =
  | { order: 'begin'; kind: 'lookups' | 'writes'; perSecond: number; users: Id[] }
  | { order: 'count' }
  | { order: 'stop' };

/** What it answers to `count`: what was done since the last count. */
export interface TrafficCount {
  done: number;
  failed: number;
  p50Ms: number;
  p99Ms: number;
}

const IDS = 20;

/** Puts a steady load on the graph, in a process of its own, and counts how long each piece of work takes. */
class Traffic {
  private readonly random = new Random(process.pid);
  private readonly times: RecordableHistogram = createHistogram();
  private done = 0;
  private failed = 0;
  private stopped = false;
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly users: Id[],
    private readonly work: (random: Random, users: Id[]) => Promise<unknown>,
  ) {}

  /** Begins pieces of work at even distances, whether or not earlier ones are done: a slow answer must not thin out the load. */
  async run(perSecond: number): Promise<void> {
    const began = performance.now();
    for (let begun = 0; !this.stopped;) {
      const due = ((performance.now() - began) * perSecond) / 1_000;
      for (; begun < due; begun++) this.begin();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  count(): TrafficCount {
    const { done, failed, times } = this;
    const counted = {
      done,
      failed,
      p50Ms: times.percentile(50) / 1_000,
      p99Ms: times.percentile(99) / 1_000,
    };
    times.reset();
    [this.done, this.failed] = [0, 0];
    return counted;
  }

  /** Begins nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.underWay);
  }

  private begin(): void {
    const work = this.once().finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  private async once(): Promise<void> {
    const began = performance.now();
    try {
      await this.work(this.random, this.users);
      this.done++;
    } catch (error) {
      if (error instanceof Problem && error.key === 'not-found') this.done++;
      else this.fail(error);
    }
    this.times.record(Math.max(1, Math.round((performance.now() - began) * 1_000)));
  }

  private fail(error: unknown): void {
    if (this.failed++ === 0) process.stderr.write(`failed: ${errorText(error)}\n`);
  }
}

const services = await NestFactory.createApplicationContext(OperatorModule.for(Config.from(process.env)), {
  logger: ['error'],
});
const graph = services.get(GraphView);
const relationships = services.get(Relationships);
const KINDS = ['friend', 'friend', 'friend', 'noise', 'mute', 'block'] as const;

const WORK = {
  lookups: (random: Random, users: Id[]) =>
    graph.standings(
      random.pick(users),
      Array.from({ length: IDS }, () => random.pick(users)),
    ),
  writes: (random: Random, users: Id[]) => {
    const [owner, subject] = [random.pick(users), random.pick(users)];
    if (owner === subject) return Promise.resolve();
    return random.below(3) === 0
      ? relationships.remove(owner, subject)
      : relationships.set(owner, subject, random.pick(KINDS));
  },
};

let traffic: Traffic | undefined;

process.on('message', (message) => {
  const order = message as TrafficOrder;
  if (order.order === 'begin') {
    traffic = new Traffic(order.users, WORK[order.kind]);
    void traffic.run(order.perSecond);
  } else if (order.order === 'count') process.send?.(traffic!.count());
  else void stop();
});
// The parent is gone: nobody needs this process any more.
process.on('disconnect', () => void stop());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.send?.('ready');

async function stop(): Promise<void> {
  setTimeout(() => process.exit(1), 10_000).unref();
  await traffic?.stop();
  await services.close();
  process.exit(0);
}
