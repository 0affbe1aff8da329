import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { ConfigError } from '../config/environment.js';
import type { Id } from '../ids/ids.js';
import { bucketOf } from './buckets.js';
import { Database } from './database.js';
import { PrimaryDatabase } from './primary.js';
import { sqlFile } from './sql.js';

const readShardMap = sqlFile<{ bucket: number; shard: number }>(import.meta.url, './read-shard-map.sql');

/** The databases that hold activities, and the way from a recipient to theirs: recipient → bucket → shard. */
@Injectable()
export class ShardRouter implements OnModuleInit, OnApplicationShutdown {
  readonly shards: readonly Database[];
  private owners: readonly number[] = [];

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
  ) {
    const { database } = config;
    this.shards = database.shardUrls.map(
      (url, index) =>
        new Database({ name: `shard-${index}`, url, poolSize: database.shardPoolSize, ...database }),
    );
  }

  /** Reads the map. @throws ConfigError when it names a shard for which there is no URL, or when there is none yet. */
  async onModuleInit(): Promise<void> {
    const rows = await this.primary.query(readShardMap);
    const highest = Math.max(-1, ...rows.map((row) => row.shard));
    if (rows.length === 0) throw new ConfigError('The shard map is empty: run `sluice migrate` first.');
    if (highest >= this.shards.length) {
      throw new ConfigError(
        `ACTIVITY_SHARD_URLS names ${this.config.database.shardUrls.length} shard(s), but buckets lie on shard ${highest}: name them all, in the order in which they were first given.`,
      );
    }
    this.owners = rows.map((row) => row.shard);
  }

  /** The shard that owns a recipient's activities. */
  shardOf(recipient: Id): Database {
    return this.shards[this.owners[bucketOf(recipient, this.owners.length)]!]!;
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

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close()));
  }
}
