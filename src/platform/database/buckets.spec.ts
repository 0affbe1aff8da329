import { describe, expect, it } from 'vitest';
import { firstIdAt } from '../ids/ids.js';
import { BUCKET_COUNT, bucketOf } from './buckets.js';

describe('bucketOf', () => {
  it('never changes, because rows lie where it said', () => {
    const ids = ['1', '2', '4194304', '9223372036854775807'];
    expect(ids.map((id) => bucketOf(id))).toEqual([56, 58, 61, 54]);
    expect(ids.map((id) => bucketOf(id, 1))).toEqual([0, 0, 0, 0]);
  });

  it.each([1, 2, 3, 64])('spreads ids drawn %i apart evenly', (step) => {
    const start = BigInt(firstIdAt(new Date('2026-01-01T00:00:00Z')));
    const counts = new Array<number>(BUCKET_COUNT).fill(0);
    for (let i = 0; i < 64_000; i++) counts[bucketOf((start + BigInt(i * step)).toString())]!++;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});
