import type { ShardRouter } from '../../platform/database/shards.js';
import { Problem } from '../../platform/http/problem.js';

/**
 * The shards that are meant, by their numbers.
 * @param shard undefined for all of them
 * @throws Problem `invalid-request` when there is no such shard
 */
export function whichShards({ shards }: ShardRouter, shard: number | undefined): number[] {
  if (shard === undefined) return [...shards.keys()];
  if (!shards[shard])
    throw new Problem('invalid-request', `There is no shard ${shard}: they are 0 to ${shards.length - 1}.`);
  return [shard];
}
