import { describe, expect, it } from 'vitest';
import { type BucketLoad, evenOut, halfOf } from './plans.js';

const loads = (shard: number, rows: readonly number[], first = 0): BucketLoad[] =>
  rows.map((count, index) => ({ bucket: first + index, shard, rows: count }));

describe('halfOf', () => {
  it('takes half of the rows, whatever the buckets hold', () => {
    expect(halfOf(loads(0, [10, 10, 10, 10]))).toEqual([0, 1]);
    expect(halfOf(loads(0, [60, 20, 20, 20]))).toEqual([0]);
    expect(halfOf(loads(0, [0, 0, 0, 0]))).toEqual([0, 1]);
  });

  it('never takes all of them', () => {
    expect(halfOf(loads(0, [5, 100]))).toEqual([1]);
    expect(halfOf(loads(0, [100]))).toEqual([]);
    expect(halfOf([])).toEqual([]);
  });
});

describe('evenOut', () => {
  /** Rows of each shard once the moves are done. */
  const after = (all: readonly BucketLoad[], shards: number): number[] => {
    const owner = new Map(all.map(({ bucket, shard }) => [bucket, shard]));
    for (const { source, target, buckets } of evenOut(all, shards))
      for (const bucket of buckets) {
        expect(owner.get(bucket)).toBe(source);
        owner.set(bucket, target);
      }
    return Array.from({ length: shards }, (_, shard) =>
      all.filter(({ bucket }) => owner.get(bucket) === shard).reduce((sum, { rows }) => sum + rows, 0),
    );
  };

  it('moves nothing where nothing would be better', () => {
    expect(evenOut([...loads(0, [10, 10]), ...loads(1, [10, 10], 2)], 2)).toEqual([]);
    expect(evenOut([...loads(0, [100]), ...loads(1, [3], 1)], 2)).toEqual([]);
  });

  it('fills a shard that is new', () => {
    const all = [
      ...loads(0, new Array<number>(32).fill(1_000)),
      ...loads(1, new Array<number>(32).fill(1_000), 32),
    ];
    const rows = after(all, 3);
    expect(Math.max(...rows) - Math.min(...rows)).toBeLessThanOrEqual(1_000);
    expect(evenOut(all, 3).map(({ source, target }) => [source, target])).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });

  it('evens out buckets of unlike sizes', () => {
    const sizes = Array.from({ length: 48 }, (_, index) => 100 + ((index * 7_919) % 1_000));
    const all = [...loads(0, sizes), ...loads(1, [50, 60], 48)];
    const rows = after(all, 4);
    expect(Math.max(...rows) - Math.min(...rows)).toBeLessThan(600);
  });

  it('spreads empty buckets too', () => {
    const plans = evenOut(loads(0, new Array<number>(64).fill(0)), 2);
    expect(plans).toHaveLength(1);
    expect(plans[0]!.buckets).toHaveLength(32);
  });
});
