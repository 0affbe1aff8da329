import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Config } from '../config/config.js';
import { ConfigError } from '../config/environment.js';
import { Problem } from '../http/problem.js';
import type { Id } from '../ids/ids.js';
import { Periodic } from '../periodic.js';
import { BUCKET_COUNT, bucketOf } from './buckets.js';
import { Database } from './database.js';
import { hasMoved } from './moved.js';
import { PrimaryDatabase } from './primary.js';
import { type AddedShard, openShard, readAddedShards, shardAddresses } from './shard-addresses.js';
import { idList, sqlFile } from './sql.js';

/** Parameter: the version that is known; `0` for none. */
export const readShardMap = sqlFile<OwnerRow>(import.meta.url, './read-shard-map.sql');
const moveBuckets = sqlFile(import.meta.url, './move-buckets.sql');

interface OwnerRow {
  version: string;
  bucket: number;
  shard: number;
}

/** How often a process looks whether the map has changed: a change is known everywhere within a second. */
const FOLLOW_MS = 500;

/** How often a bucket is looked for, and how much longer each time while the map stays as it is: 1.1 s in all. */
const MOST_ATTEMPTS = 11;
const PATIENCE_MS = 20;

/** The databases that hold activities, and the way from a recipient to theirs: recipient → bucket → shard. */
@Injectable()
export class ShardRouter implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly databases: Database[] = [];
  private owners: readonly number[] = [];
  private knownVersion = '0';
  private refreshing: Promise<void> | undefined;
  private readonly following = new Periodic('Shard map', FOLLOW_MS, () => this.refresh());

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
  ) {
    this.take([]);
  }

  /** Every shard there is, by its number; one that is added while this process runs appears within a second. */
  get shards(): readonly Database[] {
    return this.databases;
  }

  /**
   * Reads the map, and follows it from then on.
   * @throws ConfigError when it names a shard for which there is no URL, or when there is none yet
   */
  async onModuleInit(): Promise<void> {
    await this.refresh();
    if (this.owners.length === 0)
      throw new ConfigError('The shard map is empty: run `sluice migrate` first.');
    if (this.owners.length !== BUCKET_COUNT) {
      throw new ConfigError(`The shard map has ${this.owners.length} buckets and not ${BUCKET_COUNT}.`);
    }
    const highest = Math.max(...this.owners);
    if (highest >= this.databases.length) {
      throw new ConfigError(
        `ACTIVITY_SHARD_URLS names ${this.config.database.shardUrls.length} shard(s), but buckets lie on shard ${highest}: name them all, in the order in which they were first given.`,
      );
    }
    this.following.start();
  }

  /** Brings the map up to date, which otherwise happens twice a second. */
  refresh(): Promise<void> {
    this.refreshing ??= this.readMap().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /**
   * Does something with the owners of buckets, and does it again by the newest map when it fails because a bucket is not
   * where the map said. What is done twice must do no harm.
   * @throws Problem `unavailable` when the bucket turns up nowhere within a second
   */
  async followingMoves<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      const version = this.knownVersion;
      try {
        return await work();
      } catch (error) {
        if (!hasMoved(error)) throw error;
        if (attempt === MOST_ATTEMPTS) {
          throw new Problem('unavailable', undefined, { retryAfterSeconds: 2 }, { cause: error });
        }
      }
      await this.refresh();
      if (this.knownVersion === version) await delay(attempt * PATIENCE_MS);
    }
  }

  /** Makes a shard the owner of buckets, in this process at once and in all others within a second. Moves no row. */
  async assign(buckets: readonly number[], shard: number): Promise<void> {
    await this.primary.query(moveBuckets, [idList(buckets.map(String)), shard]);
    await this.refresh();
  }

  /** The shard that owns a recipient's activities. @throws Problem `unavailable` when there is no URL for it */
  shardOf(recipient: Id): Database {
    return this.ownerOf(bucketOf(recipient));
  }

  /** The shard that owns a bucket. @throws Problem `unavailable` when there is no URL for it */
  ownerOf(bucket: number): Database {
    const shard = this.databases[this.owners[bucket]!];
    if (!shard) throw new Problem('unavailable', undefined, { retryAfterSeconds: 2 });
    return shard;
  }

  /** The buckets that a shard owns, in order. */
  bucketsOf(shard: number): number[] {
    return [...this.owners.keys()].filter((bucket) => this.owners[bucket] === shard);
  }

  /** The number by which the map knows a shard. */
  numberOf(shard: Database): number {
    return this.databases.indexOf(shard);
  }

  /** Splits recipients by the shard that owns them, keeping their order; shards without any are left out. */
  group<Item>(items: readonly Item[], recipientOf: (item: Item) => Id): Map<Database, Item[]> {
    const groups = new Map<Database, Item[]>();
    for (const item of items) {
      const shard = this.shardOf(recipientOf(item));
      const group = groups.get(shard);
      if (group) group.push(item);
      else groups.set(shard, [item]);
    }
    return groups;
  }

  private async readMap(): Promise<void> {
    const rows = await this.primary.query(readShardMap, [this.knownVersion]);
    if (rows.length === 0) return;
    // Read after the map, so that it names nobody who is not known.
    this.take(await this.primary.query(readAddedShards));
    this.owners = rows.map((row) => row.shard);
    this.knownVersion = rows[0]!.version;
  }

  private take(added: readonly AddedShard[]): void {
    const { database } = this.config;
    for (const address of shardAddresses(database, added).slice(this.databases.length))
      this.databases.push(openShard(database, address, database.shardPoolSize));
  }

  /** Before the primary's pool is closed, which may be before those of the shards. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.following.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.databases.map((shard) => shard.close()));
  }
}
