import pg from 'pg';
import type { Queryable } from '../platform/database/database.js';
import { type Statement, sqlFile } from '../platform/database/sql.js';

/** A table in which activities lie: a partition, or the one table where there are none. */
export interface Leaf {
  name: string;
  /** About how many rows it holds; 0 when Postgres has not counted yet. */
  rows: number;
  blocks: number;
}

const listLeaves = sqlFile<Leaf>(import.meta.url, './sql/list-leaves.sql');

/** The tables in which a shard's activities lie, by name. */
export const leavesOf = (shard: Queryable): Promise<Leaf[]> => shard.query(listLeaves);

/** A statement about the activities, said of one of their tables. */
export function onLeaf<Row>({ name, text }: Statement<Row>, leaf: string): Statement<Row> {
  const quoted = pg.escapeIdentifier(leaf);
  return { name: `${name}_${leaf}`, text: text.replaceAll(/\bactivities\b/g, () => quoted) };
}
