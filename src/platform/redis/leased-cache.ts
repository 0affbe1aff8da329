import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { BatchedReads } from '../database/batched-reads.js';
import { errorText } from '../error-text.js';
import type { Id } from '../ids/ids.js';
import type { Metrics } from '../metrics/metrics.js';
import type { GraphRedis } from './redis.js';
import { LuaScript } from './script.js';

const takeLeases = LuaScript.load<string[]>(import.meta.url, './take-leases.lua');
const fillLeases = LuaScript.load<number>(import.meta.url, './fill-leases.lua');

/** How long a reader has to fill what it took a lease for, in milliseconds. */
const LEASE_MS = 10_000;
/** What an entry lives, in milliseconds: the belt, should an invalidation ever be lost. */
const LIFE_MS = 3_600_000;
const LEASE_MARK = '?';

export interface LeasedCacheOptions<Value extends { id: Id }> {
  /** Names the cache in keys and metrics; it changes whenever the form of the texts does. */
  name: string;
  /** The text before every key. */
  prefix: string;
  /** Reads texts from Postgres; what does not exist is left out. No text begins with `?` or is empty. */
  source: (ids: readonly Id[]) => Promise<Map<Id, string>>;
  /** Makes a text into what callers get. Cheap, for it runs at every read. */
  decode: (id: Id, text: string) => Value;
}

/**
 * Texts by id, kept in Redis and read there with one `MGET` for all who ask at the same time; what is missing is read from
 * Postgres and kept. `forget`, called after the commit of a change, makes the next reader see it.
 *
 * A reader that asked Postgres before a change and comes back after it must not bring the old text with it. So a miss
 * takes a lease, in the entry's own place, before it asks; forgetting an entry removes the lease with it; and a fill
 * whose lease is gone is refused (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013). Whoever finds somebody
 * else's lease reads from Postgres and leaves the filling to them. While Redis is away, Postgres answers everything.
 */
export class LeasedCache<Value extends { id: Id }> {
  private readonly reads: BatchedReads<Value>;
  private readonly logger: Logger;
  private readonly root: string;

  constructor(
    private readonly redis: GraphRedis,
    private readonly metrics: Metrics,
    private readonly options: LeasedCacheOptions<Value>,
  ) {
    this.reads = new BatchedReads((ids) => this.read(ids));
    this.root = `${options.prefix}${options.name}:`;
    this.logger = new Logger(`Cache ${options.name}`);
  }

  /** The values of these ids; what does not exist is missing from the map. Callers may share values: nobody changes one. */
  byIds(ids: readonly Id[]): Promise<Map<Id, Value>> {
    return this.reads.byIds(ids);
  }

  /** Forgets entries, and refuses the fills that are under way. Call it after the commit. @throws when Redis is away */
  async forget(ids: readonly Id[]): Promise<void> {
    if (ids.length > 0) await this.redis.client.unlink(ids.map((id) => this.root + id));
  }

  private async read(ids: readonly Id[]): Promise<Value[]> {
    const values: Value[] = [];
    const entries = await this.orUnavailable(() => this.redis.client.mget(ids.map((id) => this.root + id)));
    const missing: Id[] = [];
    for (const [index, id] of ids.entries()) {
      const text = textOf(entries?.[index]);
      if (text === undefined) missing.push(id);
      else values.push(this.options.decode(id, text));
    }
    this.count(entries ? 'hit' : 'unavailable', ids.length - (entries ? missing.length : 0));
    if (missing.length > 0) {
      const texts = entries ? await this.fill(missing) : await this.options.source(missing);
      for (const [id, text] of texts) values.push(this.options.decode(id, text));
    }
    return values;
  }

  /** Reads what is missing from Postgres, and keeps what it has the leases for. */
  private async fill(missing: readonly Id[]): Promise<Map<Id, string>> {
    this.count('miss', missing.length);
    const token = randomBytes(12).toString('base64url');
    const keys = missing.map((id) => this.root + id);
    const entries = await this.orUnavailable(() =>
      takeLeases.run(this.redis.client, keys, [token, LEASE_MS]),
    );
    const found = new Map<Id, string>();
    const asked: Id[] = [];
    const leased: Id[] = [];
    for (const [index, id] of missing.entries()) {
      const text = textOf(entries?.[index]);
      if (text === undefined) asked.push(id);
      else found.set(id, text);
      if (entries?.[index] === LEASE_MARK + token) leased.push(id);
    }
    for (const [id, text] of await this.options.source(asked)) found.set(id, text);
    if (leased.length > 0) await this.keep(token, leased, found);
    return found;
  }

  private async keep(token: string, leased: readonly Id[], found: ReadonlyMap<Id, string>): Promise<void> {
    const entries = leased.flatMap((id) => [found.get(id) ?? '', life()]);
    const keys = leased.map((id) => this.root + id);
    await this.orUnavailable(() => fillLeases.run(this.redis.client, keys, [token, ...entries]));
  }

  /** @returns undefined while Redis cannot answer */
  private async orUnavailable<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      this.logger.debug(`read from Postgres instead: ${errorText(error)}`);
      return undefined;
    }
  }

  private count(outcome: 'hit' | 'miss' | 'unavailable', entries: number): void {
    if (entries > 0) this.metrics.cacheReads.inc({ cache: this.options.name, outcome }, entries);
  }
}

/** The text of an entry; undefined when there is none, or a lease in its place. */
const textOf = (entry: string | null | undefined): string | undefined =>
  entry && !entry.startsWith(LEASE_MARK) ? entry : undefined;

/** Scattered by a quarter, so that what was filled together does not end together. */
const life = (): number => Math.round(LIFE_MS * (0.75 + Math.random() / 2));
