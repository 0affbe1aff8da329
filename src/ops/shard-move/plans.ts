import type { MovePlan } from './move-store.js';

/** A bucket, who has it, and about how many rows. */
export interface BucketLoad {
  bucket: number;
  shard: number;
  rows: number;
}

/** An even distribution is not worth a move that makes it better by less than this share of a shard. */
const WORTH = 0.02;

/** Buckets with about half of the rows; at least one, and never all. @returns none when there are fewer than two */
export function halfOf(loads: readonly BucketLoad[]): number[] {
  if (loads.length < 2) return [];
  const half = sum(loads) / 2;
  const chosen: BucketLoad[] = [];
  for (const load of largestFirst(loads).slice(0, -1)) {
    const before = sum(chosen);
    if (chosen.length === 0 || Math.abs(before + weight(load) - half) < Math.abs(before - half))
      chosen.push(load);
  }
  return chosen.map(({ bucket }) => bucket).sort((a, b) => a - b);
}

/**
 * The moves that even out rows: again and again the bucket goes from the fullest shard to the emptiest that brings them
 * closest together.
 * @param shards how many there are, those without buckets among them
 */
export function evenOut(loads: readonly BucketLoad[], shards: number): MovePlan[] {
  const current = loads.map((load) => ({ ...load, origin: load.shard }));
  const worth = (sum(loads) / shards) * WORTH;
  // Each step brings two shards closer; a bucket for each is more than enough of them.
  for (let steps = loads.length; steps > 0; steps--) {
    const totals = Array.from({ length: shards }, (_, shard) =>
      sum(current.filter((load) => load.shard === shard)),
    );
    const fullest = totals.indexOf(Math.max(...totals));
    const emptiest = totals.indexOf(Math.min(...totals));
    const gap = totals[fullest]! - totals[emptiest]!;
    const distance = (load: BucketLoad) => Math.abs(gap / 2 - weight(load));
    const best = current
      .filter(({ shard }) => shard === fullest)
      .sort((a, b) => distance(a) - distance(b) || a.bucket - b.bucket)[0];
    // What it brings them closer by: nothing when it is as large as the gap.
    if (!best || gap - Math.abs(gap - 2 * weight(best)) <= worth) break;
    best.shard = emptiest;
  }
  return grouped(current.filter(({ shard, origin }) => shard !== origin));
}

function grouped(moved: readonly (BucketLoad & { origin: number })[]): MovePlan[] {
  const plans = new Map<string, { source: number; target: number; buckets: number[] }>();
  for (const { bucket, origin, shard } of moved) {
    const key = `${origin} ${shard}`;
    const plan = plans.get(key);
    if (plan) plan.buckets.push(bucket);
    else plans.set(key, { source: origin, target: shard, buckets: [bucket] });
  }
  for (const { buckets } of plans.values()) buckets.sort((a, b) => a - b);
  return [...plans.values()];
}

/** An empty bucket will fill, too. */
const weight = ({ rows }: BucketLoad): number => Math.max(1, rows);

const sum = (loads: readonly BucketLoad[]): number => loads.reduce((total, load) => total + weight(load), 0);

const largestFirst = (loads: readonly BucketLoad[]): BucketLoad[] =>
  [...loads].sort((a, b) => weight(b) - weight(a) || a.bucket - b.bucket);
