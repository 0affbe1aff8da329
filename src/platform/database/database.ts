import { Logger } from '@nestjs/common';
import pg from 'pg';
import { PipelinedReads } from './pipelined-reads.js';
import type { Statement } from './sql.js';

export interface DatabaseOptions {
  /** What logs and metrics call it: `primary`, `shard-0`, … */
  name: string;
  url: string;
  /** Where the server itself is reached, if a pooler stands at `url`. */
  directUrl?: string | undefined;
  poolSize: number;
  /** How long a statement may run, in milliseconds. */
  statementTimeoutMs: number;
  /** How long a caller waits for a free connection, in milliseconds. */
  poolTimeoutMs: number;
  /** Off where a transaction-pooling proxy older than PgBouncer 1.21 stands in between. */
  preparedStatements: boolean;
}

/** What may run statements: a database, or an open transaction in it. */
export interface Queryable {
  query<Row>(statement: Statement<Row>, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** The driver looks at every digit of an id, and then leaves it as it is: a page of a feed has more than a hundred. */
const getTypeParser: typeof pg.types.getTypeParser = (type, format) =>
  type === pg.types.builtins.INT8 && format !== 'binary'
    ? (text: string) => text
    : (pg.types.getTypeParser(type, format) as (text: string) => unknown);

/** One Postgres database behind a bounded pool. Every wait has an end: for a connection, for a statement, for a commit. */
export class Database implements Queryable {
  readonly name: string;
  readonly pool: pg.Pool;
  protected readonly logger: Logger;
  private readonly pipelined: PipelinedReads;

  constructor(private readonly options: DatabaseOptions) {
    this.name = options.name;
    this.logger = new Logger(`Database ${options.name}`);
    const connection: pg.PoolConfig = {
      connectionString: options.url,
      application_name: 'sluice',
      connectionTimeoutMillis: options.poolTimeoutMs,
      statement_timeout: options.statementTimeoutMs,
      query_timeout: options.statementTimeoutMs + 1_000,
      idle_in_transaction_session_timeout: options.statementTimeoutMs * 2,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      types: { getTypeParser },
    };
    const onBroken = (error: Error) => this.logger.warn(`an idle connection broke: ${error.message}`);
    this.pool = new pg.Pool({ ...connection, max: options.poolSize });
    this.pool.on('error', onBroken);
    this.pipelined = new PipelinedReads(connection, onBroken);
  }

  /** The server's own URL, past a pooler. It carries a password: neither logged nor shown. */
  get directUrl(): string {
    return this.options.directUrl ?? this.options.url;
  }

  /** Where another database of the same server is. Both URLs carry a password. */
  beside(database: string): { url: string; directUrl: string | undefined } {
    const named = (text: string) => Object.assign(new URL(text), { pathname: `/${database}` }).href;
    const { url, directUrl } = this.options;
    return { url: named(url), directUrl: directUrl === undefined ? undefined : named(directUrl) };
  }

  async query<Row>(statement: Statement<Row>, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(this.prepare(statement, parameters))).rows as Row[];
  }

  /** As `query`, but each row is an array of its columns: the cheapest form for hot reads. */
  async tuples<Row extends unknown[]>(
    statement: Statement<Row>,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    const query = { ...this.prepare(statement, parameters), rowMode: 'array' as const };
    return (await this.pool.query(query)).rows as Row[];
  }

  /** As `tuples`, for short reads that very many ask for: those of the same moment go to Postgres together. */
  sharedTuples<Row extends unknown[]>(
    statement: Statement<Row>,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const { name, text } = statement;
    return this.pipelined.rows({
      name: this.options.preparedStatements ? name : undefined,
      text,
      values: parameters,
    }) as Promise<Row[]>;
  }

  /** Runs `work` in one transaction on one connection and commits it; a throw rolls everything back and is passed on. */
  async transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result> {
    const client = await this.lend();
    try {
      await client.query('BEGIN');
      const result = await work({
        query: async <Row>(statement: Statement<Row>, parameters: readonly unknown[] = []) =>
          (await client.query(this.prepare(statement, parameters))).rows as Row[],
      });
      await client.query('COMMIT');
      this.giveBack(client);
      return result;
    } catch (error) {
      // Without a way to tell what became of it, the connection goes too.
      await client.query('ROLLBACK').then(
        () => this.giveBack(client),
        () => this.giveBack(client, true),
      );
      throw error;
    }
  }

  /** A connection of its own, outside the pool, past a pooler and without timeouts, for bulk loads and maintenance. The caller ends it. */
  async dedicatedClient(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.directUrl,
      application_name: 'sluice-maintenance',
      connectionTimeoutMillis: this.options.poolTimeoutMs,
      keepAlive: true,
    });
    client.on('error', (error) => this.logger.warn(`a dedicated connection broke: ${error.message}`));
    await client.connect();
    return client;
  }

  /** Where it is, without who connects and how: for people to read. */
  get place(): string {
    const { host, pathname } = new URL(this.options.url);
    return `${host}${pathname}`;
  }

  /** Waits for running statements and closes the pool. */
  async close(): Promise<void> {
    await this.pipelined.close();
    if (!this.pool.ended) await this.pool.end();
  }

  /** A connection of the pool for several statements. One that breaks between two of them says so to the log. */
  protected async lend(): Promise<pg.PoolClient> {
    const client = await this.pool.connect();
    client.on('error', this.noteBreak);
    return client;
  }

  /** @param broken ends it; in the pool, somebody else's work would end up in what it was doing */
  protected giveBack(client: pg.PoolClient, broken = false): void {
    client.off('error', this.noteBreak);
    client.release(broken);
  }

  private readonly noteBreak = (error: Error): void => {
    this.logger.warn(`a connection broke: ${error.message}`);
  };

  protected prepare(statement: Statement, parameters: readonly unknown[]): pg.QueryConfig {
    const { name, text } = statement;
    const values = parameters as unknown[];
    return this.options.preparedStatements ? { name, text, values } : { text, values };
  }
}
