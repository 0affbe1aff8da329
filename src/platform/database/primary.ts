import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { Config } from '../config/config.js';
import { Database, type Queryable } from './database.js';
import type { Statement } from './sql.js';

/** An open transaction on the primary: `query` for statements in files, `manager` for plain entity work. */
export interface Transaction extends Queryable {
  readonly manager: EntityManager;
  /**
   * Registers what is to happen once this transaction has committed and its connection is back in the pool; whoever asked
   * for the transaction waits for it. It must not throw.
   */
  afterCommit(action: () => void | Promise<void>): void;
}

/** The primary's pool, shared by raw statements and TypeORM. */
@Injectable()
export class PrimaryPool extends Database implements OnApplicationShutdown {
  constructor(config: Config) {
    const { database } = config;
    super({ name: 'primary', url: database.primaryUrl, poolSize: database.primaryPoolSize, ...database });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** @internal */
  prepared(statement: Statement, parameters: readonly unknown[]): pg.QueryConfig {
    return this.prepare(statement, parameters);
  }
}

/** The primary: users, sessions, relationships, posts, the outbox, receipts and the shard map. */
@Injectable()
export class PrimaryDatabase implements Queryable {
  constructor(
    readonly database: PrimaryPool,
    @Inject(DataSource) readonly dataSource: DataSource,
  ) {}

  query<Row>(statement: Statement<Row>, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.database.query(statement, parameters);
  }

  tuples<Row extends unknown[]>(
    statement: Statement<Row>,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    return this.database.tuples(statement, parameters);
  }

  sharedTuples<Row extends unknown[]>(
    statement: Statement<Row>,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    return this.database.sharedTuples(statement, parameters);
  }

  /**
   * Runs `work` in one transaction and commits it; a throw rolls everything back and is passed on.
   * The connection goes back to the pool in either case.
   */
  async transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const afterwards: (() => void | Promise<void>)[] = [];
    const result = await this.commit(work, (action) => void afterwards.push(action));
    for (const action of afterwards) await action();
    return result;
  }

  private async commit<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    afterCommit: Transaction['afterCommit'],
  ): Promise<Result> {
    const runner = this.dataSource.createQueryRunner();
    let client: pg.PoolClient | undefined;
    try {
      const connected = (client = (await runner.connect()) as pg.PoolClient);
      await runner.startTransaction();
      const result = await work({
        manager: runner.manager,
        afterCommit,
        query: async <Row>(statement: Statement<Row>, parameters: readonly unknown[] = []) =>
          (await connected.query(this.database.prepared(statement, parameters))).rows as Row[],
      });
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => discard(client));
      throw error;
    } finally {
      await runner.release();
    }
  }
}

/** Ends a connection whose transaction could not be rolled back: in the pool, somebody else's work would end up in it. */
function discard(client: pg.PoolClient | undefined): void {
  void (client as unknown as pg.Client | undefined)?.end().catch(() => undefined);
}
