import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { Config } from '../config/config.js';

const CONNECT_PATIENCE_MS = 2_000;
const RECONNECTING: RedisOptions = {
  connectTimeout: 2_000,
  retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
};

/** So many commands are worth a write of their own, for Redis to begin while this process goes on. */
const WORTH_A_WRITE = 8;

/**
 * Writes commands together: those of one turn of the event loop, or of a part of it that alone has many. ioredis's automatic
 * pipelining gathers too, but gives nobody an answer before it has all of them: here whoever is answered goes on while Redis
 * works for the others.
 */
class GatheringRedis extends Redis {
  private corked: Writable | undefined;
  private gathered = 0;

  override sendCommand(...given: Parameters<Redis['sendCommand']>): unknown {
    // There is none before the first connection.
    const stream = this.stream as Writable | undefined;
    if (stream && this.corked !== stream) {
      this.corked = stream;
      this.gathered = 0;
      stream.cork();
      setImmediate(() => this.flush(stream));
    }
    // Not before all who were answered just now have asked.
    if (stream && ++this.gathered === WORTH_A_WRITE) process.nextTick(() => this.flush(stream));
    return super.sendCommand(...given);
  }

  /** Writes what was gathered, without waiting for the rest of this turn. */
  writeNow(): void {
    if (this.corked) this.flush(this.corked);
  }

  private flush(stream: Writable): void {
    if (this.corked !== stream) return;
    this.corked = undefined;
    stream.uncork();
  }
}

/**
 * The Redis that holds the mirror, the cards and the rate limits. It fails fast: a command that cannot be sent, or is
 * not answered in time, rejects, and the caller falls back to Postgres.
 */
@Injectable()
export class GraphRedis implements OnModuleInit, OnApplicationShutdown {
  readonly client: GatheringRedis;

  constructor(config: Config) {
    const options = {
      ...RECONNECTING,
      commandTimeout: config.redis.timeoutMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
    };
    this.client = new GatheringRedis(config.redis.graphUrl, options);
    watched(this.client, 'graph');
  }

  /** Gives the connection a moment to come up, so that the first commands are not refused for want of one. */
  async onModuleInit(): Promise<void> {
    if (this.client.status === 'ready') return;
    const patience = AbortSignal.timeout(CONNECT_PATIENCE_MS);
    await once(this.client, 'ready', { signal: patience }).catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    await close(this.client);
  }
}

/**
 * Opens a connection that reconnects for as long as it lives and logs each break once.
 * @param use what the log calls it
 */
export function connect(url: string, use: string, options: RedisOptions): Redis {
  return watched(new Redis(url, { ...RECONNECTING, ...options }), use);
}

function watched(client: Redis, use: string): Redis {
  const logger = new Logger(`Redis ${use}`);
  let down = false;
  client.on('error', (error: Error) => {
    if (!down) logger.warn(`not reachable: ${error.message}`);
    down = true;
  });
  client.on('ready', () => {
    if (down) logger.log('reachable again');
    down = false;
  });
  return client;
}

/** Lets pending commands finish when the server answers, and closes the connection in any case. */
export async function close(client: Redis): Promise<void> {
  await client.quit().catch(() => client.disconnect());
}
