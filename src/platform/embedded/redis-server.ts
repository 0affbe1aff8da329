import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import getPort from 'get-port';
import { Redis } from 'ioredis';
import { EmbeddedStackError } from './errors.js';
import { makePrivateFolder, prepareLog, readTextOrNull, tail, writePrivate } from './files.js';
import {
  bareEnvironment,
  commandLine,
  identify,
  isRunning,
  terminate,
  until,
  type ProcessIdentity,
} from './processes.js';
import type { ServerHome } from './server-home.js';

/** Loading a large append-only file takes a while; a server that died is noticed at once all the same. */
const START_TIMEOUT_MS = 600_000;
const STOP_TIMEOUT_MS = 60_000;

/** Where package managers put servers, for a PATH that leaves those folders out. */
const USUAL_FOLDERS = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];

export interface RedisOptions {
  /** What {@link findRedisProgram} found. */
  program: string;
  password: string;
  durable: boolean;
}

/** The embedded Redis, in a session of its own, so that no signal meant for us reaches it. */
export class RedisServer {
  private constructor(
    private readonly process: ProcessIdentity,
    /** Where it answers, with its password. */
    readonly url: string,
  ) {}

  /** Stops what a killed owner left running, then starts the server on a free port of 127.0.0.1. */
  static async start(home: ServerHome, options: RedisOptions): Promise<RedisServer> {
    const dir = join(home.dir, 'redis');
    await makePrivateFolder(dir, home.account);
    await stopLeftover(dir);
    const port = await getPort({ host: '127.0.0.1' });
    await writePrivate(configPath(dir), renderConfig(dir, port, options), home.account);
    const log = join(home.dir, 'redis.log');
    await prepareLog(log, home.account);
    const process = await launch(dir, log, options.program, home);
    const url = `redis://:${options.password}@127.0.0.1:${port}/0`;
    await waitUntilReady(process, url, log);
    return new RedisServer(process, url);
  }

  /** Lets Redis write what it still holds, then ends it. Does nothing when it is gone already. */
  async stop(): Promise<void> {
    await terminate(this.process, 'SIGTERM', STOP_TIMEOUT_MS);
  }
}

/** The path of a Redis (or Valkey) server program. Throws `redis-missing`, which says what to do. */
export async function findRedisProgram(): Promise<string> {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...USUAL_FOLDERS];
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
  }
  throw new EmbeddedStackError(
    'redis-missing',
    'Redis is missing: install it (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis) ' +
      'or set REDIS_URL to a server that runs.',
  );
}

async function launch(dir: string, log: string, program: string, home: ServerHome): Promise<ProcessIdentity> {
  const output = openSync(log, 'a');
  try {
    const child = spawn(program, [configPath(dir)], {
      cwd: '/',
      env: bareEnvironment(),
      detached: true,
      stdio: ['ignore', output, output],
      ...(home.account && { uid: home.account.uid, gid: home.account.gid }),
    });
    // In the same tick: however soon we are killed, the next start knows whom to look for.
    if (child.pid) writeFileSync(pidPath(dir), String(child.pid));
    child.unref();
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const identity = identify(child.pid!);
    if (identity) return identity;
  } finally {
    closeSync(output);
  }
  throw new EmbeddedStackError('redis-failed', `Redis did not start; its log is ${log}\n${await tail(log)}`);
}

async function waitUntilReady(process: ProcessIdentity, url: string, log: string): Promise<void> {
  const ready = await until(async () => !isRunning(process) || (await answers(url)), START_TIMEOUT_MS);
  if (ready && isRunning(process)) return;
  await terminate(process, 'SIGTERM', STOP_TIMEOUT_MS);
  throw new EmbeddedStackError('redis-failed', `Redis did not start; its log is ${log}\n${await tail(log)}`);
}

async function answers(url: string): Promise<boolean> {
  const options = {
    lazyConnect: true,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Its timer would keep the process alive after everything is done.
    disconnectTimeout: 50,
  };
  const client = new Redis(url, options);
  // A refused connection is also an event; unheard, it would be printed.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

/** Redis shows its configuration file, later its address, in its command line: a pid alone may be someone else's. */
async function stopLeftover(dir: string): Promise<void> {
  const pid = Number(await readTextOrNull(pidPath(dir)));
  const identity = pid > 0 ? identify(pid) : null;
  if (!identity) return;
  const port = /^port (\d+)$/m.exec((await readTextOrNull(configPath(dir))) ?? '')?.[1];
  const line = commandLine(pid);
  const isOurs =
    line.includes(configPath(dir)) || (/(redis|valkey)/.test(line) && line.includes(`127.0.0.1:${port}`));
  if (isOurs) await terminate(identity, 'SIGTERM', STOP_TIMEOUT_MS);
}

function renderConfig(dir: string, port: number, { password, durable }: RedisOptions): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(dir)}`,
    'daemonize no',
    'save ""',
    `appendonly ${durable ? 'yes' : 'no'}`,
    'appendfsync everysec',
    'maxmemory-policy noeviction',
    // Sets of ids stay packed arrays of integers up to this size, which take a fraction of a hash table's memory.
    'set-max-intset-entries 4096',
  ];
  return `# Written anew at each start.\n${lines.join('\n')}\n`;
}

function configPath(dir: string): string {
  return join(dir, 'redis.conf');
}

function pidPath(dir: string): string {
  return join(dir, 'redis.pid');
}
