import { Injectable } from '@nestjs/common';
import { ShardRouter } from '../platform/database/shards.js';
import { sqlFile } from '../platform/database/sql.js';

const measureRows = sqlFile<{ bytes: number; rows: number }>(import.meta.url, './sql/measure-rows.sql');

/** With fewer rows, empty pages are most of what is measured. */
const FEWEST = 10_000;

/** What a row of the activities takes on disk. */
@Injectable()
export class RowSize {
  constructor(private readonly shards: ShardRouter) {}

  /** Bytes of a row with its share of the indexes, over all shards; null while there are too few rows to tell. */
  async measure(): Promise<number | null> {
    const answers = await Promise.all(this.shards.shards.map((shard) => shard.query(measureRows)));
    const [bytes, rows] = answers
      .flat()
      .reduce(([size, count], shard) => [size + shard.bytes, count + shard.rows], [0, 0]);
    return rows < FEWEST ? null : bytes / rows;
  }
}
