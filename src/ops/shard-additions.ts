import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { shardMigrations } from '../../migrations/registry.js';
import { ACTIVITY_TABLE } from '../activities/activity-table.js';
import { Config } from '../platform/config/config.js';
import { Database } from '../platform/database/database.js';
import { migrateDatabase } from '../platform/database/migrate.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { ShardRouter } from '../platform/database/shards.js';
import { sqlFile } from '../platform/database/sql.js';
import { Problem } from '../platform/http/problem.js';
import { mustReach, unfitness } from './shard-move/fitness.js';
import { placeOf, withoutSecrets } from './shard-move/secrets.js';

export interface ShardAddition {
  /** Where it is: `postgres://user:password@host:port/database`. */
  url: string;
  /** The same past a pooler, if one stands at `url`. */
  directUrl?: string | undefined;
  by: string;
}

export interface AddedShardView {
  shard: number;
  name: string;
  /** Host, port and database. */
  place: string;
}

interface Leftovers {
  ours: boolean;
  partitions: number;
  relations: number;
}

const file = <Row>(name: string) => sqlFile<Row>(import.meta.url, `./shard-move/sql/${name}.sql`);
const readLeftovers = file<Leftovers>('read-leftovers');
const readIdentity = file<{ identity: string }>('read-identity');
const listDefinitions = file<{ name: string; definition: string }>('list-definitions');
const lockAddedShards = file('lock-added-shards');
const addShard = file<{ number: number }>('add-shard');

/** Databases that become shards while everything runs. */
@Injectable()
export class ShardAdditions {
  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly shards: ShardRouter,
  ) {}

  /**
   * Prepares an empty database and puts it on the map, without buckets. Cut off, it may be asked for again.
   * @throws Problem `invalid-request`; `shard-unfit` when the database is not empty or cannot take part in moves
   */
  async add({ url, directUrl, by }: ShardAddition): Promise<AddedShardView> {
    const secrets = [url, ...(directUrl === undefined ? [] : [directUrl])].map(checkedUrl);
    const { database } = this.config;
    const newcomer = new Database({ ...database, name: 'the new shard', url, directUrl, poolSize: 1 });
    try {
      await this.shards.refresh();
      await this.examine(newcomer);
      await migrateDatabase('the new shard', newcomer.directUrl, shardMigrations);
      await this.copyIndexes(newcomer);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem('shard-unfit', `${placeOf(url)}: ${withoutSecrets(error, secrets)}`);
    } finally {
      await newcomer.close();
    }
    const number = await this.putOnMap(url, directUrl, by);
    await this.shards.refresh();
    return { shard: number, name: `shard-${number}`, place: placeOf(url) };
  }

  /**
   * Makes an empty database on the server of the newest shard, called like that one but with the next number: for an
   * embedded stack, and to try things out. What is there already is taken.
   */
  async makeDatabase(): Promise<Pick<ShardAddition, 'url' | 'directUrl'>> {
    await this.shards.refresh();
    const newest = this.shards.shards.at(-1)!;
    return withClient(newest, async (client) => {
      const name = nextName(client.database!, this.shards.shards.length);
      const present = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (present.rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      return newest.beside(name);
    });
  }

  private async examine(newcomer: Database): Promise<void> {
    const place = placeOf(newcomer.directUrl);
    await withClient(newcomer, async (client) => {
      const faults = [...(await unfitness(client)), ...(await occupation(client))];
      if (faults.length > 0) throw new Problem('shard-unfit', `${place}: ${faults.join('; ')}.`);
      const identity = await identityOf(client);
      for (const shard of this.shards.shards)
        await withClient(shard, async (other) => {
          if ((await identityOf(other)) === identity)
            throw new Problem('shard-unfit', `${place} is ${shard.name} already.`);
          await mustReach(other, shard.name, newcomer.directUrl, place);
          await mustReach(client, place, shard.directUrl, shard.name);
        });
    });
  }

  /** Those that operators have built on the other shards. */
  private async copyIndexes(newcomer: Database): Promise<void> {
    const wanted = await this.shards.shards[0]!.query(listDefinitions, [ACTIVITY_TABLE]);
    await withClient(newcomer, async (client) => {
      const { rows } = await client.query<{ name: string }>(listDefinitions.text, [ACTIVITY_TABLE]);
      for (const { name, definition } of wanted)
        if (!rows.some((present) => present.name === name)) await client.query(definition);
    });
  }

  private putOnMap(url: string, directUrl: string | undefined, by: string): Promise<number> {
    return this.primary.transaction(async (transaction) => {
      await transaction.query(lockAddedShards);
      const { length } = this.config.database.shardUrls;
      return (await transaction.query(addShard, [length, url, directUrl ?? null, by]))[0]!.number;
    });
  }
}

/** sluice_shard_2 becomes sluice_shard_3; what has no number gets one. */
function nextName(name: string, shards: number): string {
  const number = /\d+$/.exec(name)?.[0];
  return number ? `${name.slice(0, -number.length)}${Number(number) + 1}` : `${name}_${shards}`;
}

/** @throws Problem `invalid-request`, without a part of the text, which may hold a password */
function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '' || url.pathname.length < 2)
    throw new Problem('invalid-request', 'A shard is given as postgres://user:password@host:port/database.');
  return text;
}

/** What stands against taking the database, as one sentence; empty when it is free. */
async function occupation(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<Leftovers>(readLeftovers.text);
  const { ours, partitions, relations } = rows[0]!;
  if (partitions > 0) return [`it holds activities of ${partitions} buckets already`];
  return relations > 0 && !ours ? [`it is not empty: it has ${relations} tables and views`] : [];
}

async function identityOf(client: pg.Client): Promise<string> {
  return (await client.query<{ identity: string }>(readIdentity.text)).rows[0]!.identity;
}

async function withClient<Result>(
  database: Database,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await database.dedicatedClient();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
