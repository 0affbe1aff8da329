import type { Queryable } from '../platform/database/database.js';
import { sqlFile } from '../platform/database/sql.js';
import { leafOf } from './leaves.js';

/** The partition of one bucket on a shard. */
export interface SurveyedLeaf {
  bucket: number;
  /** About how many rows it holds. */
  rows: number;
  /** Of the table, without its indexes. */
  bytes: number;
  /** Whether each row has a key, without which changes of it cannot be replicated. */
  keyed: boolean;
}

const surveyLeaf = sqlFile<Omit<SurveyedLeaf, 'bucket'>>(import.meta.url, './sql/survey-leaf.sql');

/** What a shard has of these buckets; those that it has not are left out. */
export async function surveyLeaves(shard: Queryable, buckets: readonly number[]): Promise<SurveyedLeaf[]> {
  const leaves: SurveyedLeaf[] = [];
  for (const bucket of buckets) {
    const [found] = await shard.query(surveyLeaf, [leafOf(bucket)]);
    if (found) leaves.push({ bucket, ...found });
  }
  return leaves;
}
