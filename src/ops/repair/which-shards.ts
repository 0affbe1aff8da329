import { isCitus } from '../../activities/citus.js';
import type { ShardRouter } from '../../platform/database/shards.js';
import { Problem } from '../../platform/http/problem.js';

/**
 * The shards that are meant, by their numbers.
 * @param shard undefined for all of them
 * @throws Problem `invalid-request` when there is no such shard, or it is a Citus coordinator: a repair goes by the places
 * of rows, which mean nothing there
 */
export async function whichShards({ shards }: ShardRouter, shard: number | undefined): Promise<number[]> {
  if (shard !== undefined && !shards[shard])
    throw new Problem('invalid-request', `There is no shard ${shard}: they are 0 to ${shards.length - 1}.`);
  const wanted = shard === undefined ? [...shards.keys()] : [shard];
  for (const number of wanted)
    // One that is away cannot say; then the steps of the repair wait for it.
    if (await isCitus(shards[number]!).catch(() => false))
      throw new Problem('invalid-request', `Shard ${number} is a Citus coordinator, which takes no repair.`);
  return wanted;
}
