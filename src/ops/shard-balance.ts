import { Injectable } from '@nestjs/common';
import { surveyLeaves } from '../activities/leaf-survey.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Problem } from '../platform/http/problem.js';
import { type BucketLoad, evenOut, halfOf } from './shard-move/plans.js';
import type { MovePlan } from './shard-move/move-store.js';

/** A move that would be made, and about how many rows it is about. */
export interface PlannedMove extends MovePlan {
  rows: number;
}

/** Which buckets should lie where. */
@Injectable()
export class ShardBalance {
  constructor(private readonly shards: ShardRouter) {}

  /** The moves that even out rows, in the order in which they are to be made. */
  async plan(): Promise<PlannedMove[]> {
    await this.shards.refresh();
    const loads = await this.loads([...this.shards.shards.keys()]);
    return evenOut(loads, this.shards.shards.length).map((plan) => withRows(plan, loads));
  }

  /** Buckets of a shard with about half of its rows. @throws Problem `invalid-request` when it has less than two buckets */
  async half(source: number, target: number): Promise<PlannedMove> {
    await this.shards.refresh();
    if (!this.shards.shards[source]) throw new Problem('invalid-request', `There is no shard ${source}.`);
    const loads = await this.loads([source]);
    const buckets = halfOf(loads);
    if (buckets.length === 0)
      throw new Problem('invalid-request', `Shard ${source} has no two buckets that could be parted.`);
    return withRows({ source, target, buckets }, loads);
  }

  private async loads(shards: readonly number[]): Promise<BucketLoad[]> {
    const loads = shards.map(async (shard) => {
      const leaves = await surveyLeaves(this.shards.shards[shard]!, this.shards.bucketsOf(shard));
      return leaves.map(({ bucket, rows }): BucketLoad => ({ bucket, shard, rows }));
    });
    return (await Promise.all(loads)).flat();
  }
}

function withRows(plan: MovePlan, loads: readonly BucketLoad[]): PlannedMove {
  const rows = loads
    .filter(({ bucket }) => plan.buckets.includes(bucket))
    .reduce((sum, load) => sum + load.rows, 0);
  return { ...plan, rows };
}
