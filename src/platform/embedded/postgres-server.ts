import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import getPort from 'get-port';
import pg from 'pg';
import { EmbeddedStackError } from './errors.js';
import { prepareLog, tail } from './files.js';
import {
  clusterDir,
  clusterName,
  DATABASE_USER,
  disarmLockFile,
  endLeftoverChildren,
  ensureCluster,
  findPostmaster,
  writeSettings,
} from './postgres-cluster.js';
import { postgresSettings, renderSettings } from './postgres-settings.js';
import { runCommand, terminate } from './processes.js';
import type { ServerHome } from './server-home.js';

/** Recovery after a crash may have gigabytes of WAL to read. */
const START_TIMEOUT_SECONDS = 600;
const STOP_TIMEOUT_SECONDS = 60;

/** How long a start is tried again while children of a killed postmaster are still going away. */
const LEFTOVERS_TIMEOUT_MS = 30_000;
const WORTH_ANOTHER_TRY = /shared memory block|could not bind|could not create any TCP/;

export interface PostgresOptions {
  password: string;
  durable: boolean;
  settings: Record<string, string>;
  /** The port to listen on; a free one, unless given. */
  port?: number;
}

/** The embedded Postgres: one postmaster, in a session of its own, so that no signal meant for us reaches it. */
export class PostgresServer {
  private constructor(
    private readonly home: ServerHome,
    private readonly port: number,
    private readonly password: string,
  ) {}

  /** Stops what a killed owner left running, then starts the server on a port of 127.0.0.1. */
  static async start(home: ServerHome, options: PostgresOptions): Promise<PostgresServer> {
    await stopPostmaster(home);
    await ensureCluster(home, options.password, options.durable);
    await endLeftoverChildren(home);
    await disarmLockFile(home);
    const log = join(home.dir, 'postgres.log');
    await prepareLog(log, home.account);
    const port = await startPostmaster(home, log, options);
    return new PostgresServer(home, port, options.password);
  }

  /** The URL of one of its databases. */
  url(database: string): string {
    return `postgres://${DATABASE_USER}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /**
   * Creates those databases that do not exist.
   * @returns all there are
   */
  async ensureDatabases(names: string[]): Promise<string[]> {
    const client = new pg.Client({ connectionString: this.url('postgres') });
    await client.connect();
    try {
      const known = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
      const missing = names.filter((name) => !known.rows.some((row) => row.datname === name));
      for (const name of missing) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      return [...known.rows.map((row) => row.datname), ...missing];
    } finally {
      await client.end();
    }
  }

  /** Ends connections, writes a checkpoint and stops. Does nothing when the server is gone already. */
  async stop(): Promise<void> {
    await stopPostmaster(this.home);
  }
}

async function startPostmaster(home: ServerHome, log: string, options: PostgresOptions): Promise<number> {
  const deadline = Date.now() + LEFTOVERS_TIMEOUT_MS;
  for (;;) {
    const port = options.port ?? (await getPort({ host: '127.0.0.1' }));
    const { durable, settings: overrides } = options;
    const settings = postgresSettings({ clusterName: clusterName(home), port, durable, overrides });
    await writeSettings(home, renderSettings(settings));
    const args = [
      'start',
      '-s',
      '-w',
      '-t',
      String(START_TIMEOUT_SECONDS),
      '-D',
      clusterDir(home),
      '-l',
      log,
    ];
    const { code, stdout, stderr } = await runCommand(home.binaries.pgCtl, args, home.account);
    if (code === 0) return port;
    const reason = `${stdout}${stderr}${await tail(log)}`;
    if (!WORTH_ANOTHER_TRY.test(reason) || Date.now() > deadline) {
      throw new EmbeddedStackError('postgres-failed', `Postgres did not start; its log is ${log}\n${reason}`);
    }
    await pause(250);
  }
}

async function stopPostmaster(home: ServerHome): Promise<void> {
  const postmaster = await findPostmaster(home);
  if (!postmaster) return;
  const wait = ['-w', '-t', String(STOP_TIMEOUT_SECONDS)];
  const args = ['stop', '-s', '-m', 'fast', ...wait, '-D', clusterDir(home)];
  const { code } = await runCommand(home.binaries.pgCtl, args, home.account);
  // SIGQUIT is the immediate shutdown: nothing committed is lost, the next start recovers it from the WAL.
  if (code !== 0) await terminate(postmaster, 'SIGQUIT', STOP_TIMEOUT_SECONDS * 1000);
}
