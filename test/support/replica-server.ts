import { execFileSync } from 'node:child_process';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterDir } from '../../src/platform/embedded/postgres-cluster.js';
import { PostgresServer } from '../../src/platform/embedded/postgres-server.js';
import { type ServerHome, settleServerHome } from '../../src/platform/embedded/server-home.js';
import { connectTo, maintenanceUrl } from './sql.js';

/** A streaming replica of a whole server: made from a base backup, and a server of its own. */
export class ReplicaServer {
  private constructor(
    private readonly dataDir: string,
    private readonly home: ServerHome,
    private readonly server: PostgresServer,
  ) {}

  /** @param url of any database of the server that it follows */
  static async start(url: string): Promise<ReplicaServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-replica-'));
    const home = await settleServerHome(dataDir, () => undefined);
    await copyCluster(url, home);
    const { hostname, port, username, password } = new URL(url);
    const server = await PostgresServer.start(home, {
      password: decodeURIComponent(password),
      durable: false,
      settings: {
        primary_conninfo: `host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}`,
        hot_standby: 'on',
      },
    });
    return new ReplicaServer(dataDir, home, server);
  }

  /** The replica of a database. */
  url(original: string): string {
    return this.server.url(new URL(original).pathname.slice(1));
  }

  /** Ends it as a machine that fails does. */
  async kill(): Promise<void> {
    const [pid] = (await readFile(join(clusterDir(this.home), 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** A base backup by hand, which is what pg_basebackup does; the packages that bring Postgres do not bring that. */
async function copyCluster(url: string, home: ServerHome): Promise<void> {
  const source = await connectTo(maintenanceUrl(url));
  const target = clusterDir(home);
  await source.query(`SELECT pg_backup_start('replica', true)`);
  const { rows: places } = await source.query<{ place: string }>(
    `SELECT current_setting('data_directory') AS place`,
  );
  copyRunning(places[0]!.place, target);
  const { rows } = await source.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
  await source.end();
  for (const name of ['postmaster.pid', 'postmaster.opts']) await rm(join(target, name), { force: true });
  for (const [name, text] of [
    ['backup_label', rows[0]!.labelfile],
    ['standby.signal', ''],
  ] as const) {
    await writeFile(join(target, name), text, { mode: 0o600 });
    if (home.account) await chown(join(target, name), home.account.uid, home.account.gid);
  }
}

/** Files come and go while they are copied; the write-ahead log makes up for it. */
function copyRunning(from: string, to: string): void {
  try {
    execFileSync('cp', ['-a', from, to], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const complaints = String((error as { stderr: Buffer }).stderr)
      .trim()
      .split('\n');
    if (!complaints.every((line) => line.includes('No such file or directory'))) throw error;
  }
}
