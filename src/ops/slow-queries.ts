import { Injectable } from '@nestjs/common';
import type { Database } from '../platform/database/database.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { ShardRouter } from '../platform/database/shards.js';
import { sqlFile } from '../platform/database/sql.js';
import { errorText } from '../platform/error-text.js';

/** What one statement cost since the statistics were last reset. */
export interface SlowQuery {
  /** The statement with placeholders where values stood, shortened. */
  query: string;
  calls: number;
  rows: number;
  meanMs: number;
  totalMs: number;
  /** Of the time of all statements in this database, 0 to 1. */
  share: number;
  /** Pages found in Postgres's own cache, 0 to 1; null when it touched none. */
  cacheHits: number | null;
}

export interface DatabaseCosts {
  /** `primary`, `shard-0`, … */
  database: string;
  queries: SlowQuery[];
  /** Why there is nothing to tell; null when there is. */
  unavailable: string | null;
}

const slowQueries = sqlFile<SlowQuery>(import.meta.url, './slow-queries.sql');
const resetStatements = sqlFile(import.meta.url, './reset-statements.sql');
const MOST_CHARACTERS = 500;

/** The statements that cost most, from pg_stat_statements. A database that cannot tell does not keep the others back. */
@Injectable()
export class SlowQueries {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly shards: ShardRouter,
  ) {}

  /** @param limit how many of each database */
  costliest(limit: number): Promise<DatabaseCosts[]> {
    return this.onEach(async (database) => {
      const rows = await database.query(slowQueries, [limit]);
      return rows.map((row) => ({ ...row, query: readable(row.query) }));
    });
  }

  /** Begins to count anew. */
  reset(): Promise<DatabaseCosts[]> {
    return this.onEach(async (database) => {
      await database.query(resetStatements);
      return [];
    });
  }

  private onEach(ask: (database: Database) => Promise<SlowQuery[]>): Promise<DatabaseCosts[]> {
    return Promise.all(
      [this.primary.database, ...this.shards.shards].map(async (database) => {
        try {
          return { database: database.name, queries: await ask(database), unavailable: null };
        } catch (error) {
          return { database: database.name, queries: [], unavailable: explain(error) };
        }
      }),
    );
  }
}

/** Comments, texts (simple or between dollars) and quoted names, whichever begins first. */
const QUOTED =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|''|\\.)*'|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|"(?:[^"]|"")*"/g;

/** Comments go, and so do the texts that Postgres leaves in statements which it does not normalise (utilities). */
export function readable(query: string): string {
  const bare = query.replaceAll(QUOTED, (part) => {
    if (part.startsWith('"')) return part;
    return part.startsWith("'") || part.startsWith('$') ? "'…'" : ' ';
  });
  const text = bare.replaceAll(/\s+/g, ' ').trim();
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

function explain(error: unknown): string {
  const { code } = error as { code?: string };
  if (code === '42P01') return 'the extension pg_stat_statements is not installed in this database';
  if (code === '55000') return 'pg_stat_statements is not among the shared_preload_libraries of this server';
  if (code === '42501') return 'this role may not see the statistics';
  return errorText(error);
}
