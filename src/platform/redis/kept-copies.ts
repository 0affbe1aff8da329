import { LRUCache } from 'lru-cache';
import type { Counter } from 'prom-client';
import type { Id } from '../ids/ids.js';
import type { Metrics } from '../metrics/metrics.js';
import type { ChangeLog } from './change-log.js';

/** How long a copy is good for at most, in milliseconds: the belt, should a change ever go unnoted. */
const GOOD_FOR_MS = 110_000;
/** From this age on copies are dropped, a few at a time: those that were read together are not all read anew together. */
const OLD_MS = 50_000;
/** How often old copies are looked for. */
const PURGED_EVERY_MS = 100;

export interface KeptCopiesOptions<Value> {
  /** Names the copies in metrics and in the log of changes. */
  name: string;
  /** Names in the log of what a copy is made of, where it is not one of what bears its own name. */
  madeOf?: readonly string[];
  /** How many bytes all of them may take, about. */
  mostBytes: number;
  /** How many bytes one takes, about. */
  sizeOf: (value: Value) => number;
  /** Told of each copy when it is kept, and when it is so no longer, because it changed or there were too many. */
  told?: (value: Value, isKept: boolean) => void;
  /** Reads what is not kept; it must ask after it was called. What does not exist is left out. */
  source: (ids: readonly Id[]) => Promise<ReadonlyMap<Id, Value>>;
}

/**
 * Copies of what is stored elsewhere, in this process. Before it uses any, it catches up with the log of changes: so whatever
 * was changed, and noted, before the call is in the answer. While the log cannot be read, no copy is used or kept.
 */
export class KeptCopies<Value extends object> {
  /**
   * For looking up. What the library needs for that beside the value lies in arrays of its own, each of which has to come from
   * memory for nearly every copy: so it keeps the books alone. In the order in which they were read.
   */
  private readonly copies = new Map<Id, Value>();
  /** In the order in which they were read: no use keeps one from its end, and so none is noted. */
  private readonly books: LRUCache<Id, Value>;
  private purgedAt = performance.now();
  private readonly names: ReadonlySet<string>;
  private readonly counters: Record<'hit' | 'miss' | 'unavailable', Counter.Internal>;
  /** For each read under way, what of it has not changed since it began. */
  private readonly reads = new Set<Set<Id>>();

  constructor(
    private readonly log: ChangeLog,
    { keptCopies }: Metrics,
    private readonly options: KeptCopiesOptions<Value>,
  ) {
    const { name, madeOf, mostBytes, sizeOf, told } = options;
    this.names = new Set(madeOf ?? [name]);
    const counter = (outcome: string) => keptCopies.labels({ kind: name, outcome });
    this.counters = { hit: counter('hit'), miss: counter('miss'), unavailable: counter('unavailable') };
    this.books = new LRUCache({
      maxSize: mostBytes,
      sizeCalculation: sizeOf,
      ttl: GOOD_FOR_MS,
      ttlResolution: 0,
      dispose: (value, id) => {
        this.copies.delete(id);
        told?.(value, false);
      },
    });
    log.listen((names) => this.forget(names));
  }

  /**
   * The values of these ids, in their order; undefined for what does not exist. Callers share values: nobody changes one.
   * @param caughtUp a catch-up that the caller has begun, for what was noted before that to be in the answer
   */
  async inOrder(ids: readonly Id[], caughtUp = this.log.catchUp()): Promise<(Value | undefined)[]> {
    if (ids.length === 0) return [];
    const isCurrent = await caughtUp;
    this.purge();
    const missing: Id[] = [];
    const found = ids.map((id) => {
      const value = isCurrent ? this.copies.get(id) : undefined;
      if (value === undefined) missing.push(id);
      return value;
    });
    if (missing.length < ids.length) this.counters.hit.inc(ids.length - missing.length);
    if (missing.length === 0) return found;
    this.counters[isCurrent ? 'miss' : 'unavailable'].inc(missing.length);
    const values = await (isCurrent ? this.load(missing) : this.options.source(missing));
    return found.map((value, index) => value ?? values.get(ids[index]!));
  }

  /** The copy as it was last, right or not: it tells whether `inOrder` is worth asking. */
  peek(id: Id): Value | undefined {
    return this.copies.get(id);
  }

  /** Notes that these changed; to be called once that can be read by everybody. @throws when Redis is away */
  changed(ids: readonly Id[]): Promise<void> {
    return this.log.note(ids.map((id) => `${this.options.name}:${id}`));
  }

  private async load(missing: readonly Id[]): Promise<ReadonlyMap<Id, Value>> {
    const unchanged = new Set(missing);
    this.reads.add(unchanged);
    try {
      const values = await this.options.source(missing);
      for (const id of unchanged) {
        const value = values.get(id);
        if (!value) continue;
        this.books.set(id, value);
        if (!this.books.has(id)) continue;
        this.copies.set(id, value);
        this.options.told?.(value, true);
      }
      return values;
    } finally {
      this.reads.delete(unchanged);
    }
  }

  /** Drops what is too old, and of what is old as much as has to go each time for none to become too old. */
  private purge(): void {
    const now = performance.now();
    if (now < this.purgedAt + PURGED_EVERY_MS) return;
    this.purgedAt = now;
    let quota = Math.ceil((this.copies.size * PURGED_EVERY_MS) / (GOOD_FOR_MS - OLD_MS));
    // The oldest come first.
    for (const id of this.copies.keys()) {
      const leftMs = this.books.getRemainingTTL(id);
      if (leftMs > GOOD_FOR_MS - OLD_MS || (leftMs > 0 && quota <= 0)) return;
      this.books.delete(id);
      quota--;
    }
  }

  private forget(names: readonly string[] | undefined): void {
    if (names === undefined) {
      this.books.clear();
      for (const read of this.reads) read.clear();
      return;
    }
    for (const name of names) {
      const end = name.indexOf(':');
      if (!this.names.has(name.slice(0, end))) continue;
      const id = name.slice(end + 1);
      this.books.delete(id);
      for (const read of this.reads) read.delete(id);
    }
  }
}
