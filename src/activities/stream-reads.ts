import { Injectable } from '@nestjs/common';
import { bucketOf } from '../platform/database/buckets.js';
import type { Database } from '../platform/database/database.js';
import { ShardRouter } from '../platform/database/shards.js';
import type { Statement } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { type ReadableReplica, Replicas } from './replicas.js';

/**
 * Reads of somebody's streams: from a replica of their shard where one keeps up, otherwise from the shard. Either way the
 * answer holds everything that was committed before the call.
 */
@Injectable()
export class StreamReads {
  constructor(
    private readonly shards: ShardRouter,
    private readonly replicas: Replicas,
    private readonly metrics: Metrics,
  ) {}

  /**
   * @param statements one for each bucket
   * @param parameters behind the recipient, who is the first
   * @throws Problem `unavailable` when the recipient's bucket turns up nowhere within a second
   */
  tuples<Row extends unknown[]>(
    statements: readonly Statement<Row>[],
    recipient: Id,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const bucket = bucketOf(recipient);
    return this.shards.followingMoves(() =>
      this.read(this.shards.ownerOf(bucket), statements[bucket]!, [recipient, ...parameters]),
    );
  }

  private read<Row extends unknown[]>(
    shard: Database,
    statement: Statement<Row>,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const chosen = this.replicas.next(shard);
    return chosen
      ? this.readFrom(chosen, shard, statement, parameters)
      : shard.sharedTuples(statement, parameters);
  }

  private async readFrom<Row extends unknown[]>(
    chosen: ReadableReplica,
    shard: Database,
    statement: Statement<Row>,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const { position } = await chosen.position.read();
    const rows = await chosen.replica.tuplesAt(position, statement, parameters);
    this.metrics.replicatedReads.inc({ shard: shard.name, source: rows ? 'replica' : 'shard' });
    return rows ?? shard.sharedTuples(statement, parameters);
  }
}
