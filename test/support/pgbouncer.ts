import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import getPort from 'get-port';
import { vi } from 'vitest';
import { connectTo } from './sql.js';
import type { TestEnvironment } from './stores.js';

/** Fewer than the product's pools hold: its connections take turns on these, a transaction at a time. */
export const SERVER_CONNECTIONS = 3;

/** The path of the program, or null where it is not installed; `npm test` installs it where nobody has to be asked. */
export function findPgbouncer(): string | null {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter).filter(Boolean),
    '/usr/sbin',
    '/usr/local/sbin',
  ];
  return folders.map((folder) => join(folder, 'pgbouncer')).find(isExecutable) ?? null;
}

/** What to add to the name of a suite that needs it, so that whoever sees it skipped knows why. */
export const pgbouncerMissing = findPgbouncer() ? '' : ' (skipped: PgBouncer is not installed)';

/** A PgBouncer that pools transactions, before the databases of a test. */
export class PgBouncer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** The same stores, with every database reached through it. */
    readonly environment: TestEnvironment,
  ) {}

  static async start(stores: TestEnvironment): Promise<PgBouncer> {
    const port = await getPort({ host: '127.0.0.1' });
    const folder = await mkdtemp(join(tmpdir(), 'sluice-pgbouncer-'));
    await chmod(folder, 0o755);
    const config = join(folder, 'pgbouncer.ini');
    await writeFile(config, settings(new URL(stores.DATABASE_URL!), port), { mode: 0o644 });
    const child = spawn(findPgbouncer()!, ['-q', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...account(),
    });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const through = (url: string) => Object.assign(new URL(url), { port: String(port) }).href;
    const bouncer = new PgBouncer(child, folder, {
      ...stores,
      DATABASE_URL: through(stores.DATABASE_URL!),
      ACTIVITY_SHARD_URLS: stores.ACTIVITY_SHARD_URLS!.split(',').map(through).join(','),
      // Debian's is older than 1.21, which keeps them.
      PREPARED_STATEMENTS: 'false',
    });
    await vi
      .waitFor(async () => (await connectTo(bouncer.environment.DATABASE_URL!)).end(), { timeout: 20_000 })
      .catch(async (error: unknown) => {
        await bouncer.stop();
        throw new Error(`PgBouncer did not start: ${complaints}`, { cause: error });
      });
    return bouncer;
  }

  async stop(): Promise<void> {
    const isRunning = this.child.exitCode === null && this.child.signalCode === null;
    if (isRunning) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGKILL');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

function settings({ hostname, port, username, password }: URL, listenPort: number): string {
  const secret = decodeURIComponent(password).replaceAll("'", "''");
  return `[databases]
* = host=${hostname} port=${port} user=${decodeURIComponent(username)} password='${secret}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits,statement_timeout,idle_in_transaction_session_timeout
idle_transaction_timeout = 60
`;
}

/** It refuses to run as root, like Postgres; that one's account is there then. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid!() !== 0) return {};
  const id = (kind: string) => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
