import type { Id } from '../platform/ids/ids.js';

/** Whom somebody follows, in eight bytes each. */
export class FollowedIds {
  private readonly sorted: BigInt64Array;

  /** @param ids in any order */
  constructor(ids: readonly Id[]) {
    this.sorted = BigInt64Array.from(ids, BigInt).sort();
  }

  get bytes(): number {
    return this.sorted.byteLength;
  }

  /** @param key an id as a number */
  has(key: bigint): boolean {
    return this.sorted[placeOf(key, this.sorted)] === key;
  }
}

/** The place of a key among sorted ones, or that at which it would have to be. */
export function placeOf(key: bigint, sorted: BigInt64Array): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]! < key) from = middle + 1;
    else to = middle;
  }
  return from;
}
