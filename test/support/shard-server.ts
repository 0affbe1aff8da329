import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterName, findPostmaster } from '../../src/platform/embedded/postgres-cluster.js';
import { type PostgresOptions, PostgresServer } from '../../src/platform/embedded/postgres-server.js';
import { findByCommandLine, terminate } from '../../src/platform/embedded/processes.js';
import { type ServerHome, settleServerHome } from '../../src/platform/embedded/server-home.js';

const DATABASE = 'shard';
const OPTIONS: PostgresOptions = {
  password: 'a-password-for-tests',
  durable: false,
  settings: {
    // What was committed is to survive a kill, though not a machine that fails.
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: '32MB',
    max_connections: '60',
    // As by default: two tables are copied at a time.
    max_sync_workers_per_subscription: '2',
    // Replication whose connection was ended begins again soon.
    wal_retrieve_retry_interval: '100ms',
  },
};

/** A Postgres of its own with one database for a shard, which can be killed, and comes back where it was. */
export class ShardServer {
  private constructor(
    private readonly dataDir: string,
    private readonly home: ServerHome,
    private server: PostgresServer,
  ) {}

  static async start(): Promise<ShardServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-shard-'));
    const home = await settleServerHome(dataDir, () => undefined);
    const server = await PostgresServer.start(home, OPTIONS);
    await server.ensureDatabases([DATABASE]);
    return new ShardServer(dataDir, home, server);
  }

  get url(): string {
    return this.server.url(DATABASE);
  }

  /** Ends the postmaster and everything that it has started, as a machine that fails does. */
  async kill(): Promise<void> {
    const postmaster = await findPostmaster(this.home);
    if (!postmaster) throw new Error('There is no server to be killed.');
    const children = findByCommandLine(`postgres: ${clusterName(this.home)}: `);
    await Promise.all([postmaster, ...children].map((process) => terminate(process, 'SIGKILL', 10_000)));
  }

  /** Starts it again, with what it had written down, on the same port. */
  async startAgain(): Promise<void> {
    const port = Number(new URL(this.url).port);
    this.server = await PostgresServer.start(this.home, { ...OPTIONS, port });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
