import { StatementStatistics1763841000000 } from '../primary/1763841000000-statement-statistics.js';

/** The same on each shard. */
export class ShardStatementStatistics1763841000000 extends StatementStatistics1763841000000 {
  override readonly name = 'ShardStatementStatistics1763841000000';
}
