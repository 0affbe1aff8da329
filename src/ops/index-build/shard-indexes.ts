import pg from 'pg';
import { sqlFile } from '../../platform/database/sql.js';
import { Problem } from '../../platform/http/problem.js';
import { columnsOf, type IndexSpec, renderDefinition } from './index-spec.js';

/** A table as the catalogue describes it. */
export interface TableFacts {
  name: string;
  columns: string[];
  /** How it is partitioned, as SQL; null for a plain table. */
  partitionedBy: string | null;
  leaves: string[];
  estimatedRows: number;
}

/** What bears a name beside the table. */
export interface IndexFacts {
  name: string;
  table: string;
  valid: boolean;
  complete: boolean;
  attached: boolean;
  constrains: boolean;
  /** Whether it is an index of our table, or of one of its partitions. */
  ours: boolean;
  bytes: number;
  shape: string;
}

const readTable = sqlFile(import.meta.url, './sql/read-table.sql');
const readIndex = sqlFile(import.meta.url, './sql/read-index.sql');

const PROBE = 'pg_temp.index_probe';

/** The indexes of one table on one shard, over a connection of the caller's. */
export class ShardIndexes {
  constructor(
    private readonly client: pg.Client,
    private readonly tableName: string,
  ) {}

  /** @throws Problem `unavailable` when the shard has no such table yet */
  async table(): Promise<TableFacts> {
    const { rows } = await this.client.query<TableFacts>(readTable.text, [this.tableName]);
    if (!rows[0]) throw new Problem('unavailable', `There is no table ${this.tableName}; migrate first.`);
    return rows[0];
  }

  /** What is called so beside the table; undefined when the name is free. */
  find(name: string): Promise<IndexFacts | undefined> {
    return this.findBeside(this.tableName, name);
  }

  /**
   * The shape that the index will have, found by building it on an empty copy of the table that goes with the
   * transaction: Postgres itself says what is wrong with it, before anything is closed.
   * @throws Problem `invalid-request` when it cannot be built
   */
  async shapeOf(spec: IndexSpec, table: TableFacts): Promise<string> {
    const unknown = columnsOf(spec).find((column) => !table.columns.includes(column));
    if (unknown !== undefined) {
      const known = table.columns.join(', ');
      throw new Problem('invalid-request', `There is no column ${unknown.slice(0, 63)}; there are ${known}.`);
    }
    await this.client.query('BEGIN');
    try {
      const partitioned = table.partitionedBy === null ? '' : `PARTITION BY ${table.partitionedBy}`;
      const like = pg.escapeIdentifier(table.name);
      await this.client.query(`CREATE TEMP TABLE index_probe (LIKE ${like}) ${partitioned}`);
      await this.client.query(createIndex(spec, { on: PROBE }));
      return (await this.findBeside(PROBE, spec.name))!.shape;
    } catch (error) {
      throw asProblem(error);
    } finally {
      await this.client.query('ROLLBACK');
    }
  }

  private async findBeside(table: string, name: string): Promise<IndexFacts | undefined> {
    return (await this.client.query<IndexFacts>(readIndex.text, [table, name])).rows[0];
  }
}

export interface CreateOptions {
  /** The table, as SQL. */
  on: string;
  /** How the index is called there, if not as the specification says. */
  name?: string;
  concurrently?: boolean;
}

/** CREATE INDEX as SQL; every name in it is quoted. */
export function createIndex(
  spec: IndexSpec,
  { on, name = spec.name, concurrently = false }: CreateOptions,
): string {
  const words = [
    'CREATE',
    ...(spec.unique ? ['UNIQUE'] : []),
    'INDEX',
    ...(concurrently ? ['CONCURRENTLY'] : []),
  ];
  return `${words.join(' ')} ${pg.escapeIdentifier(name)} ON ${on} ${renderDefinition(spec)}`;
}

/** The data of a predicate does not fit its column (class 22), or the index cannot be (class 42, 54, 0A). */
const CALLERS_FAULT = /^(22|42|54|0A)/;

function asProblem(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError) || !CALLERS_FAULT.test(error.code ?? '')) return error;
  return new Problem('invalid-request', `Postgres cannot build such an index: ${error.message}.`);
}
