import { mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EmbeddedStackError, hasCode } from './errors.js';
import { readOrCreateSecrets } from './files.js';
import { findRunningStack, Ownership, type StackUrls } from './ownership.js';
import { PostgresServer } from './postgres-server.js';
import { findRedisProgram, RedisServer } from './redis-server.js';
import { settleServerHome } from './server-home.js';

export { EmbeddedStackError, findRunningStack, type StackUrls };

export interface EmbeddedStackOptions {
  /** The folder that holds everything; created when missing. One process at a time may use it. */
  dataDir: string;
  /** How many databases for activities; 2 by default. */
  shards?: number;
  /** False gives up surviving a crash of the machine, for speed: for tests. True by default. */
  durable?: boolean;
  /** Settings of Postgres that differ from ours, by name. */
  postgresSettings?: Record<string, string>;
  /** Told the few things that a person should know. */
  log?: (line: string) => void;
}

/**
 * A real Postgres and a real Redis, started by Sluice for itself on free ports of 127.0.0.1: what runs when no
 * URL is configured. Both outlive signals that end this process, so that it can drain before it stops them; if
 * it is killed, the next start on the same folder stops them first.
 */
export class EmbeddedStack {
  private stopping: Promise<void> | null = null;

  private constructor(
    private readonly ownership: Ownership,
    private readonly servers: Stoppable[],
    readonly urls: StackUrls,
  ) {}

  /**
   * Starts both servers, with the databases `sluice` and `sluice_shard_1`….
   * Throws {@link EmbeddedStackError}, whose message says what to do; nothing is left running then.
   */
  static async start(options: EmbeddedStackOptions): Promise<EmbeddedStack> {
    const redisProgram = await findRedisProgram();
    try {
      const dataDir = await openDataDir(options.dataDir);
      const ownership = await Ownership.claim(dataDir);
      try {
        const { servers, urls } = await startServers(dataDir, redisProgram, options);
        await ownership.publish(urls);
        return new EmbeddedStack(ownership, servers, urls);
      } catch (error) {
        await ownership.release();
        throw error;
      }
    } catch (error) {
      if (!hasCode(error, 'EACCES', 'EPERM')) throw error;
      throw notAccessible(options.dataDir, error as Error);
    }
  }

  /** Stops both servers and gives the folder free. May be called more than once. */
  stop(): Promise<void> {
    this.stopping ??= this.stopServers();
    return this.stopping;
  }

  private async stopServers(): Promise<void> {
    await this.ownership.withdraw();
    try {
      await stopAll(this.servers);
    } finally {
      await this.ownership.release();
    }
  }
}

interface Stoppable {
  stop(): Promise<void>;
}

async function startServers(dataDir: string, redisProgram: string, options: EmbeddedStackOptions) {
  const { shards = 2, durable = true, postgresSettings: settings = {}, log = () => undefined } = options;
  const home = await settleServerHome(dataDir, log);
  const { postgresPassword, redisPassword } = await readOrCreateSecrets(home.dir);
  const [postgres, redis] = await allOrNone(
    PostgresServer.start(home, { password: postgresPassword, durable, settings }),
    RedisServer.start(home, { password: redisPassword, durable, program: redisProgram }),
  );
  const shardName = (index: number) => `sluice_shard_${index + 1}`;
  const shardNames = Array.from({ length: shards }, (_, index) => shardName(index));
  const servers = [postgres, redis];
  try {
    const present = await postgres.ensureDatabases(['sluice', ...shardNames]);
    // Those that an operator has added.
    while (present.includes(shardName(shardNames.length))) shardNames.push(shardName(shardNames.length));
  } catch (error) {
    await stopAll(servers);
    throw error;
  }
  const shardUrls = shardNames.map((name) => postgres.url(name));
  return { servers, urls: { databaseUrl: postgres.url('sluice'), shardUrls, redisUrl: redis.url } };
}

/** Waits for both; when one fails, stops the other before it reports the failure. */
async function allOrNone<A extends Stoppable, B extends Stoppable>(
  a: Promise<A>,
  b: Promise<B>,
): Promise<[A, B]> {
  try {
    return await Promise.all([a, b]);
  } catch (error) {
    const outcomes = await Promise.allSettled<Stoppable>([a, b]);
    await stopAll(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
    throw error;
  }
}

async function stopAll(servers: Stoppable[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

async function openDataDir(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return realpath(path);
}

function notAccessible(dataDir: string, cause: Error): EmbeddedStackError {
  return new EmbeddedStackError(
    'data-dir-not-accessible',
    `${resolve(dataDir)} cannot be used by this user (${cause.message}): ` +
      'start Sluice as the user who owns it, or set SLUICE_DATA_DIR to another folder.',
  );
}
