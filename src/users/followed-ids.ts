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

  has(id: Id): boolean {
    const wanted = BigInt(id);
    let [from, to] = [0, this.sorted.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.sorted[middle]! < wanted) from = middle + 1;
      else to = middle;
    }
    return this.sorted[from] === wanted;
  }
}
