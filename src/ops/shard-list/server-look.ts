import type { Queryable } from '../../platform/database/database.js';
import { sqlFile } from '../../platform/database/sql.js';

export interface ReplicationSlot {
  name: string;
  kind: 'physical' | 'logical';
  active: boolean;
  /** Whether what it needs is still there; null where it needs nothing yet. */
  walStatus: string | null;
  /** How much of the write-ahead log the server keeps for it. */
  retainedBytes: number | null;
}

/** What a server says of itself. */
export interface ServerLook {
  /** The same for all databases of one running server, and for no other. */
  server: string;
  /** Connections that it allows. */
  allowed: number;
  /** Connections that are taken, by whomever. */
  taken: number;
  /** Those of them in this database. */
  takenHere: number;
  slots: ReplicationSlot[];
}

const lookStatement = sqlFile<ServerLook>(import.meta.url, './look-at-server.sql');

export const lookAtServer = async (database: Queryable): Promise<ServerLook> =>
  (await database.query(lookStatement))[0]!;
