import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Config } from '../../src/platform/config/config.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { ChangeLog } from '../../src/platform/redis/change-log.js';
import { KeptCopies } from '../../src/platform/redis/kept-copies.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { LuaScript } from '../../src/platform/redis/script.js';
import { TestApp } from '../support/test-app.js';

interface Word {
  text: string;
}

/** A process that keeps copies of words, and counts how often it had to look one up. */
class Reader {
  readonly asked: string[] = [];
  readonly copies: KeptCopies<Word>;
  readonly log: ChangeLog;

  constructor(
    config: Config,
    readonly redis: GraphRedis,
    words: ReadonlyMap<string, string>,
    hold: () => Promise<void> = () => Promise.resolve(),
    mostBytes = 1_000,
  ) {
    this.log = new ChangeLog(config, redis);
    this.copies = new KeptCopies<Word>(this.log, new Metrics(), {
      name: 'word',
      mostBytes,
      sizeOf: () => 10,
      source: async (ids) => {
        this.asked.push(...ids);
        const found = new Map<string, Word>();
        for (const id of ids) if (words.has(id)) found.set(id, { text: words.get(id)! });
        await hold();
        return found;
      },
    });
  }

  async read(...ids: string[]): Promise<(string | undefined)[]> {
    const found = await this.copies.inOrder(ids);
    return found.map((word) => word?.text);
  }
}

describe('copies that a process keeps', () => {
  let app: TestApp;
  let redis: GraphRedis;
  const others: GraphRedis[] = [];
  const words = new Map<string, string>();

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    redis = app.get(GraphRedis);
    // Each reader's log listens to the one connection.
    redis.client.setMaxListeners(100);
  });
  afterAll(() => app.stop());
  afterEach(async () => {
    words.clear();
    for (const other of others.splice(0)) await other.onApplicationShutdown();
  });

  /** Settings of a log that nobody else writes to. */
  const ownLog = () => Config.from({ ...app.environment, REDIS_PREFIX: `kept_${randomUUID()}:` });
  const readers = (config = ownLog()) => [new Reader(config, redis, words), new Reader(config, redis, words)];

  it('are used until a change is noted, by whichever process', async () => {
    const [one, two] = readers();
    words.set('1', 'old').set('2', 'same');
    expect(await one!.read('1', '2', '3')).toEqual(['old', 'same', undefined]);
    expect(await one!.read('1', '2')).toEqual(['old', 'same']);
    expect(one!.asked).toEqual(['1', '2', '3']);

    words.set('1', 'new');
    await two!.copies.changed(['1']);
    expect(await one!.read('1', '2')).toEqual(['new', 'same']);
    expect(one!.asked).toEqual(['1', '2', '3', '1']);

    words.delete('1');
    await two!.copies.changed(['1']);
    expect(await one!.read('1')).toEqual([undefined]);
  });

  it('are not kept of what changed while it was read', async () => {
    const config = ownLog();
    let release: () => void = () => undefined;
    const held = () => new Promise<void>((resolve) => (release = resolve));
    let hold = held;
    const reader = new Reader(config, redis, words, () => hold());
    const [writer] = readers(config);
    words.set('1', 'old').set('2', 'same');
    const slow = reader.read('1', '2');
    await expect.poll(() => reader.asked.length).toBe(2);
    hold = () => Promise.resolve();
    words.set('1', 'new');
    await writer!.copies.changed(['1']);
    // Somebody else has caught up by the time the first read comes back.
    expect(await reader.read('1')).toEqual(['new']);
    release();
    expect(await slow).toEqual(['old', 'same']);
    expect(await reader.read('1', '2')).toEqual(['new', 'same']);
    expect(reader.asked.filter((id) => id === '2')).toHaveLength(1);
  });

  it('are all forgotten when the log is gone, or longer than it is kept', async () => {
    const config = ownLog();
    const [reader, writer] = readers(config);
    words.set('1', 'old');
    expect(await reader!.read('1')).toEqual(['old']);
    words.set('1', 'new');
    await redis.client.del(`${config.redis.prefix}changes:state`, `${config.redis.prefix}changes:names`);
    expect(await reader!.read('1')).toEqual(['new']);

    words.set('1', 'newer');
    const many = Array.from({ length: 5_001 }, (_, index) => String(index + 1_000_000));
    await writer!.copies.changed(['1', ...many]);
    expect(await redis.client.llen(`${config.redis.prefix}changes:names`)).toBe(5_000);
    expect(await reader!.read('1')).toEqual(['newer']);
    await writer!.copies.changed(many.slice(0, 4_999));
    expect(await reader!.read('1')).toEqual(['newer']);
    expect(reader!.asked).toEqual(['1', '1', '1']);
  });

  it('are neither used nor made while Redis is away, and all forgotten with the connection', async () => {
    const config = ownLog();
    const own = new GraphRedis(config);
    others.push(own);
    await own.onModuleInit();
    const reader = new Reader(config, own, words);
    words.set('1', 'old');
    expect(await reader.read('1')).toEqual(['old']);
    const closed = once(own.client, 'close');
    own.client.disconnect();
    await closed;
    for (const text of ['new', 'newer']) {
      words.set('1', text);
      expect(await reader.read('1')).toEqual([text]);
    }
    await own.client.connect();
    words.set('1', 'newest');
    expect(await reader.read('1')).toEqual(['newest']);
    expect(await reader.read('1')).toEqual(['newest']);
    expect(reader.asked).toEqual(['1', '1', '1', '1']);
  });

  it('are forgotten by the names of what they are made of, and their owner is told', async () => {
    const config = ownLog();
    const log = new ChangeLog(config, redis);
    const told: [text: string, isKept: boolean][] = [];
    const copies = new KeptCopies<Word>(log, new Metrics(), {
      name: 'pair',
      madeOf: ['word', 'sound'],
      mostBytes: 1_000,
      sizeOf: () => 10,
      told: ({ text }, isKept) => told.push([text, isKept]),
      source: (ids) => Promise.resolve(new Map(ids.map((id) => [id, { text: words.get(id)! }]))),
    });
    words.set('1', 'a').set('2', 'b');
    const read = async () => (await copies.inOrder(['1', '2'])).map((word) => word?.text);
    expect(await read()).toEqual(['a', 'b']);
    for (const [name, text] of Object.entries({ 'word:1': 'c', 'sound:1': 'd' })) {
      words.set('1', text);
      await log.note(['pair:1', 'other:1']);
      expect(await read()).not.toContain(text);
      await log.note([name]);
      expect(await read()).toEqual([text, 'b']);
    }
    const made = [
      ['a', true],
      ['b', true],
      ['a', false],
      ['c', true],
      ['c', false],
      ['d', true],
    ];
    expect(told).toEqual(made);
  });

  it('are all forgotten when a script notes more than a thousand changes', async () => {
    const config = ownLog();
    const [reader] = readers(config);
    const note = LuaScript.load<number>(
      import.meta.resolve('../../src/platform/redis/change-log.ts'),
      './note-changes.lua',
      './note.lua',
    );
    for (const [time, changes] of [1_000, 1_001].entries()) {
      words.set('1', 'old').set('5', 'old');
      expect(await reader!.read('1')).toEqual(['old']);
      words.set('1', 'new');
      const names = Array.from({ length: changes }, (_, index) => `word:${index + 1}`);
      await note.run(redis.client, reader!.log.keys, [randomUUID(), ...names]);
      expect(await redis.client.llen(reader!.log.keys[1]!)).toBe(time === 0 ? 1_000 : 0);
      expect(await reader!.read('1')).toEqual(['new']);
      await reader!.copies.changed(['1']);
    }
  });

  it('are dropped when they are old, a few at a time before they are all too old', async () => {
    const reader = new Reader(ownLog(), redis, words);
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    for (const id of ids) words.set(id, 'old');
    await reader.read(...ids);
    for (const id of ids) words.set(id, 'new');
    const now = performance.now.bind(performance);
    const readLater = async (ms: number) => {
      vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
      const texts = await reader.read(...ids);
      return texts.filter((text) => text === 'new').length;
    };
    expect(await readLater(45_000)).toBe(0);
    expect(await readLater(60_000)).toBe(1);
    expect(await readLater(61_000)).toBe(2);
    expect(await readLater(125_000)).toBe(20);
    // Those that were read anew while the others were old are good for longer.
    expect(reader.asked).toHaveLength(40);
    vi.restoreAllMocks();
  });

  it('take no more room than they may', async () => {
    const reader = new Reader(ownLog(), redis, words, undefined, 100);
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    for (const id of ids) words.set(id, id);
    await reader.read(...ids);
    await reader.read(...ids.slice(10));
    expect(reader.asked).toHaveLength(20);
    await reader.read('0');
    expect(reader.asked).toHaveLength(21);
  });
});
