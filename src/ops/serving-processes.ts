import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Refusal } from '../activities/write-outcome.js';
import { ShardBreakers } from '../fanout/shard-breakers.js';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { Periodic } from '../platform/periodic.js';

/** A process that serves, as it said of itself. */
export interface ServingProcess {
  /** Its machine and its number there. */
  name: string;
  roles: string[];
  /** How many connections it may take to the primary, and to each shard. */
  primaryPool: number;
  shardPool: number;
  /** Shards, by number, to which it sends nothing just now, and why. */
  breakers: Record<string, Refusal['reason']>;
  startedAt: Date;
}

const sayAlive = sqlFile(import.meta.url, './process-register/say-alive.sql');
const sayGone = sqlFile(import.meta.url, './process-register/say-gone.sql');
const listAlive = sqlFile<ServingProcess>(import.meta.url, './process-register/list-alive.sql');

const EVERY_MS = 3_000;
/** Who was heard of so lately counts as alive, in seconds. */
const ALIVE_SECONDS = 10;

/** Which processes serve just now. */
@Injectable()
export class ServingProcesses {
  constructor(private readonly primary: PrimaryDatabase) {}

  alive(): Promise<ServingProcess[]> {
    return this.primary.query(listAlive, [ALIVE_SECONDS]);
  }
}

/** Tells the primary, in every serving process, that this one is there; one that is killed is forgotten within seconds. */
@Injectable()
export class ProcessRegister implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly id = randomUUID();
  private readonly rounds = new Periodic('Process register', EVERY_MS, () => this.sayAlive());

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly breakers: ShardBreakers,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
    await this.primary.query(sayGone, [this.id]).catch(() => undefined);
  }

  private async sayAlive(): Promise<void> {
    const { roles, database } = this.config;
    const breakers = this.breakers.opened().map((shard) => [shard, this.breakers.reason(shard)] as const);
    await this.primary.query(sayAlive, [
      this.id,
      `${hostname()}:${process.pid}`,
      roles,
      database.primaryPoolSize,
      database.shardPoolSize,
      Object.fromEntries(breakers),
    ]);
  }
}
