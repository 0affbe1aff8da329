import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { leafOf } from '../activities/leaves.js';
import { Replicas } from '../activities/replicas.js';
import { type ShardSurvey, surveyShard } from '../activities/shard-survey.js';
import type { Refusal } from '../activities/write-outcome.js';
import { type Closing, GateStore } from '../fanout/gate-store.js';
import { Config } from '../platform/config/config.js';
import type { Database } from '../platform/database/database.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { ShardRouter } from '../platform/database/shards.js';
import { errorText } from '../platform/error-text.js';
import { type ServingProcess, ServingProcesses } from './serving-processes.js';
import { budgetWarnings, type ConnectionBudget, connectionBudget } from './connection-budget.js';
import { lookAtServer, type ReplicationSlot, type ServerLook } from './shard-list/server-look.js';

/** A process that sends a shard nothing just now. */
export interface OpenBreaker {
  process: string;
  reason: Refusal['reason'];
}

/** A replica of a shard, as this process sees it. */
export interface ReplicaState {
  name: string;
  /** Host, port and database. */
  place: string;
  /** Why feeds are not read from it; null while they are. */
  unreadable: string | null;
  lagBytes: number | null;
}

/** One shard as its operators see it. Whatever only the shard itself can tell is null while it is away. */
export interface ShardState {
  shard: number;
  name: string;
  /** Host, port and database. */
  place: string;
  /** Why it could not be asked; null when it was. */
  unavailable: string | null;
  buckets: number[];
  /** Partitions that it holds of buckets which it does not own. */
  foreignPartitions: number | null;
  /** An estimate from the statistics of Postgres. */
  rows: number | null;
  /** The activities with their indexes. */
  bytes: number | null;
  databaseBytes: number | null;
  /** Rows written, changed or removed a second, between two looks. */
  writesPerSecond: number | null;
  /** Connections in this database, by whomever. */
  connections: number | null;
  slots: ReplicationSlot[];
  replicas: ReplicaState[];
  breakers: OpenBreaker[];
  gate: 'open' | 'closing' | 'closed';
}

export interface ShardOverview {
  shards: ShardState[];
  servers: ConnectionBudget[];
  processes: { name: string; roles: string[]; primaryPool: number; shardPool: number; startedAt: string }[];
  /** What should be seen to before the next shard or process. */
  warnings: string[];
}

interface Looked {
  server: ServerLook;
  first: ShardSurvey;
  then: ShardSurvey;
}

/** Looks at every shard, and at the connections that the processes may take of their servers. Addresses are shown, passwords never. */
@Injectable()
export class ShardList {
  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly shards: ShardRouter,
    private readonly replicas: Replicas,
    private readonly gate: GateStore,
    private readonly processes: ServingProcesses,
  ) {}

  /** @param seconds between the two looks that tell how much is written */
  async overview(seconds: number): Promise<ShardOverview> {
    const [processes, { closings }, primary, looks] = await Promise.all([
      this.processes.alive(),
      this.gate.read(),
      lookAtServer(this.primary),
      Promise.all(this.shards.shards.map((shard) => lookTwice(shard, seconds))),
      this.replicas.check(),
    ]);
    const servers = this.budgets(primary, looks, processes);
    return {
      shards: looks.map((look, shard) => this.describe(shard, look, closings, processes)),
      servers,
      processes: processes.map(({ name, roles, primaryPool, shardPool, startedAt }) => ({
        name,
        roles,
        primaryPool,
        shardPool,
        startedAt: startedAt.toISOString(),
      })),
      warnings: servers.flatMap(budgetWarnings),
    };
  }

  private describe(
    shard: number,
    look: Looked | string,
    closings: readonly Closing[],
    processes: readonly ServingProcess[],
  ): ShardState {
    const { name, place } = this.shards.shards[shard]!;
    const buckets = this.shards.bucketsOf(shard);
    const closing = closings.find((each) => each.shard === null || each.shard === shard);
    const breakers = processes.flatMap(({ name: process, breakers: open }) => {
      const reason = open[shard];
      return reason ? [{ process, reason }] : [];
    });
    const gate = closing ? (closing.quietAt ? 'closed' : 'closing') : 'open';
    const replicas = this.replicas.of(shard).map((replica) => ({
      name: replica.name,
      place: replica.place,
      unreadable: replica.reason ?? null,
      lagBytes: replica.lagBytes ?? null,
    }));
    const known = { shard, name, place, buckets, replicas, breakers, gate } as const;
    if (typeof look === 'string') return { ...known, ...NOTHING, unavailable: look };
    const { first, then, server } = look;
    const { tables, rows, bytes, databaseBytes } = then;
    return {
      ...known,
      unavailable: null,
      foreignPartitions: foreignAmong(tables, buckets),
      rows: Math.round(rows),
      bytes,
      databaseBytes,
      writesPerSecond: Math.max(0, Math.round((then.changes - first.changes) / (then.at - first.at))),
      connections: server.takenHere,
      slots: server.slots,
    };
  }

  /** One for each server, however many of the databases lie on it. */
  private budgets(
    primary: ServerLook,
    looks: readonly (Looked | string)[],
    processes: readonly ServingProcess[],
  ): ConnectionBudget[] {
    const { primaryPoolSize, shardPoolSize } = this.config.database;
    const next = {
      primaryPool: Math.max(0, ...processes.map(({ primaryPool }) => primaryPool)) || primaryPoolSize,
      shardPool: Math.max(0, ...processes.map(({ shardPool }) => shardPool)) || shardPoolSize,
    };
    const places = looks.flatMap((look, shard) =>
      typeof look === 'string' ? [] : [{ ...look.server, name: this.shards.shards[shard]!.name }],
    );
    const servers = new Map([primary, ...places].map((look) => [look.server, look]));
    return [...servers.values()].map(({ server, allowed, taken }) => {
      const shards = places.filter((place) => place.server === server).map(({ name }) => name);
      const known = { allowed, taken, hasPrimary: primary.server === server, shards };
      return connectionBudget(known, processes, next);
    });
  }
}

/** How many partitions are of other buckets than these. */
function foreignAmong(tables: readonly string[], buckets: readonly number[]): number {
  const own = new Set(['activities', ...buckets.map(leafOf)]);
  return tables.filter((table) => !own.has(table)).length;
}

const NOTHING = {
  foreignPartitions: null,
  rows: null,
  bytes: null,
  databaseBytes: null,
  writesPerSecond: null,
  connections: null,
  slots: [],
};

/** @returns why not, when the shard does not answer */
async function lookTwice(shard: Database, seconds: number): Promise<Looked | string> {
  try {
    const [server, first] = await Promise.all([lookAtServer(shard), surveyShard(shard)]);
    await delay(seconds * 1_000);
    return { server, first, then: await surveyShard(shard) };
  } catch (error) {
    return errorText(error) || 'it does not answer';
  }
}
