import type { Queryable } from '../platform/database/database.js';
import { sqlFile } from '../platform/database/sql.js';
import { isCitus } from './citus.js';

/** What a shard holds, from the statistics of Postgres. */
export interface ShardSurvey {
  /** The tables that are there, by name, whether the shard owns their buckets or not. */
  tables: string[];
  /** An estimate: exact only right after a VACUUM or ANALYZE. */
  rows: number;
  /** The activities with their indexes. */
  bytes: number;
  databaseBytes: number;
  /** Rows that were inserted, updated or deleted since the statistics began. */
  changes: number;
  /** When, in seconds. */
  at: number;
}

const surveyPartitions = sqlFile<ShardSurvey>(import.meta.url, './sql/survey-shard.sql');
const surveyCitus = sqlFile<ShardSurvey>(import.meta.url, './sql/survey-citus.sql');

export const surveyShard = async (shard: Queryable): Promise<ShardSurvey> =>
  (await shard.query((await isCitus(shard)) ? surveyCitus : surveyPartitions))[0]!;
