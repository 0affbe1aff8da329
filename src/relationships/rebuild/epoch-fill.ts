import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import pgCopy from 'pg-copy-streams';
import { Config } from '../../platform/config/config.js';
import { PrimaryDatabase } from '../../platform/database/primary.js';
import { sqlFile } from '../../platform/database/sql.js';
import type { Id } from '../../platform/ids/ids.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { UserStore } from '../../users/user-store.js';
import { Mirror } from '../mirror/mirror.js';
import { Checkpoints } from './checkpoints.js';
import { copyInPieces, readCopy } from './copy-in-pieces.js';
import { COPY_BLOCKERS, COPY_COUNTS, COPY_SETS, PLANNER, relationshipsAfter } from './copy-statements.js';
import { type EncodedCommands, MassInsertion } from './mass-insertion.js';
import { removeKeys } from './remove-keys.js';
import type { RebuildLock } from './rebuild-lock.js';
import type { RebuildState, RebuildStateStore } from './rebuild-state.js';
import { largestIntset } from './restore-probe.js';
import { endOfRows, RowEncoder } from './row-encoder.js';
import { endOfSets, SetEncoder } from './set-encoder.js';

/** Told how far the fill is, in relationships and about how many there are. */
export type FillReport = (edges: number, total: number) => void;

export interface FillOptions {
  commandsPerSecond?: number;
  /** Lets Postgres, this process and Redis work by turns, so that no two processors are busy with the fill at a time. */
  gentle?: boolean;
  report?: FillReport;
}

const estimateEdges = sqlFile<{ n: number }>(import.meta.url, './estimate-edges.sql');

/** A change carries the time at which its transaction began; this one may have begun before the rebuild. */
const LONGEST_TRANSACTION_MS = 15 * 60_000;
const OWNERS_PER_BATCH = 1_000;
/** What is read at once. */
const EDGES_PER_PIECE = 32_768;
const USERS_PER_PIECE = 8_192;

/**
 * Fills an epoch from one snapshot of Postgres, by mass insertion. The epoch takes no changes meanwhile (they go to its
 * log), so everything in it is of that one moment: sets, versions, and the follower counts that follow from the sets.
 */
@Injectable()
export class EpochFill {
  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
    private readonly users: UserStore,
  ) {}

  /** About how many relationships there are, as Postgres's statistics have it. */
  async estimateEdges(): Promise<number> {
    return (await this.primary.query(estimateEdges))[0]!.n;
  }

  /** @param resumed whether part of the epoch was filled from an earlier snapshot, and has to be brought to this one */
  async run(
    state: RebuildState,
    resumed: boolean,
    states: RebuildStateStore,
    lock: RebuildLock,
    options: FillOptions,
  ): Promise<{ users: number; edges: number }> {
    if (state.phase !== 'fill') return { users: await this.users.count(), edges: state.edges };
    const client = await this.primary.database.dedicatedClient();
    const insertion = await MassInsertion.open(this.config.redis.graphUrl, options.commandsPerSecond);
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(PLANNER);
      // One that is held down pauses between its statements, for longer than a role's limit may allow.
      await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      const total = await this.estimateEdges();
      await states.write({ total });
      if (resumed) await this.bringUpToDate(client, state);
      const fill: Fill = { client, insertion, state, states, lock, options, total };
      const edges = await this.fillSets(fill);
      const users = await this.fillCounts(fill);
      await this.fillBlockers(fill);
      await client.query('COMMIT');
      return { users, edges };
    } finally {
      insertion.close();
      await client.end();
    }
  }

  private async fillSets(fill: Fill): Promise<number> {
    const { client, insertion, state, states, options, total } = fill;
    const encoder = await this.setEncoder(state.epoch);
    const addedBefore = insertion.sum;
    const checkpoints = new Checkpoints(insertion, states);
    const pieces = copyInPieces(client, {
      after: state.cursor,
      most: pieceSize(EDGES_PER_PIECE, options),
      statement: (owner, most) => COPY_SETS(relationshipsAfter(owner, most)),
      endOf: endOfSets,
      encode: (rows) => encoder.encode(rows),
      ahead: !options.gentle,
    });
    for await (const commands of pieces) {
      if (commands.commands > 0) await insertion.send(states.reachCommand(encoder.owner));
      await this.deliver(fill, commands);
      options.report?.(state.edges + encoder.edges, total);
      await checkpoints.reached(encoder.owner, state.edges + encoder.edges);
    }
    await insertion.settled();
    // A set that is restored is there as a whole, or an error.
    const added = insertion.sum - addedBefore;
    if (added !== encoder.added) {
      throw new Error(`Redis took ${added} members of ${encoder.added}: the epoch was not empty.`);
    }
    const edges = state.edges + encoder.edges;
    await states.write({ edges, ...(encoder.owner ? { cursor: encoder.owner, reach: encoder.owner } : {}) });
    options.report?.(edges, edges);
    return edges;
  }

  /** Versions and counts of every user, with or without relationships: who has a version is in the epoch. */
  private async fillCounts(fill: Fill): Promise<number> {
    const { client, insertion, state, options } = fill;
    const key = aroundId(this.mirror.keys.counts(state.epoch, ''));
    const fields = ['version', 'friends', 'noise', 'followers'];
    const encoder = new RowEncoder([
      'HSET',
      { ...key, column: 0 },
      ...fields.flatMap((field, index) => [field, { column: index + 1 }]),
    ]);
    const pieces = copyInPieces(client, {
      after: '0',
      most: pieceSize(USERS_PER_PIECE, options),
      statement: COPY_COUNTS,
      endOf: endOfRows,
      encode: (rows) => encoder.encode(rows),
      ahead: !options.gentle,
    });
    for await (const commands of pieces) await this.deliver(fill, commands);
    await insertion.settled();
    return encoder.rows;
  }

  private async fillBlockers({ client, insertion, state }: Fill): Promise<void> {
    const key = aroundId(this.mirror.keys.set(state.epoch, '', 'blockers'));
    const encoder = new RowEncoder(['SADD', { ...key, column: 0 }, { column: 1 }]);
    for await (const piece of client.query(pgCopy.to(COPY_BLOCKERS)))
      await insertion.send(encoder.encode(piece as Buffer));
    await insertion.settled();
  }

  private async deliver({ insertion, lock, options }: Fill, commands: EncodedCommands): Promise<void> {
    lock.check();
    await insertion.send(commands);
    if (options.gentle) await insertion.settled();
  }

  private async setEncoder(epoch: string): Promise<SetEncoder> {
    const { keys } = this.mirror;
    return new SetEncoder(keys, epoch, await largestIntset(this.redis.client, keys.probe(epoch)));
  }

  /**
   * Before going on: sets that were loaded in part are removed, to be loaded again, and so are those of owners up to the
   * cursor who changed since the rebuild began, whose sets are then loaded from this snapshot. What lies up to the cursor
   * is counted anew.
   */
  private async bringUpToDate(client: pg.Client, state: RebuildState): Promise<void> {
    await this.eachOwner(
      client,
      `SELECT id FROM users WHERE id > $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT ${OWNERS_PER_BATCH}`,
      [state.cursor, state.reach],
      (ids) => this.removeSets(state.epoch, ids),
    );
    // They are set whole in the end, and one that was lifted since then would stay.
    await removeKeys(this.redis.client, this.mirror.keys.allOf(state.epoch, 'blockers'));
    const since = new Date(state.startedAt - LONGEST_TRANSACTION_MS);
    const encoder = await this.setEncoder(state.epoch);
    await this.eachOwner(
      client,
      `SELECT owner_id AS id FROM graph_owners WHERE owner_id > $1 AND owner_id <= $2 AND changed_at >= $3
       ORDER BY owner_id LIMIT ${OWNERS_PER_BATCH}`,
      [state.cursor, since],
      async (ids) => {
        await this.removeSets(state.epoch, ids);
        await this.addSets(client, encoder, ids);
      },
    );
    const { rows } = await client.query<{ n: number }>(
      'SELECT count(*)::float8 AS n FROM relationships WHERE owner_id <= $1',
      [state.cursor],
    );
    state.edges = rows[0]!.n;
  }

  private async eachOwner(
    client: pg.Client,
    query: string,
    parameters: unknown[],
    act: (ids: Id[]) => Promise<void>,
  ): Promise<void> {
    let after: Id = '0';
    for (;;) {
      const { rows } = await client.query<{ id: Id }>(query, [after, ...parameters]);
      if (rows.length === 0) return;
      await act(rows.map((row) => row.id));
      after = rows.at(-1)!.id;
    }
  }

  private async removeSets(epoch: string, owners: readonly Id[]): Promise<void> {
    const { keys } = this.mirror;
    const names = ['following', 'noise', 'blocks', 'mutes'] as const;
    await this.redis.client.unlink(
      owners.flatMap((owner) => names.map((name) => keys.set(epoch, owner, name))),
    );
  }

  private async addSets(client: pg.Client, encoder: SetEncoder, owners: readonly Id[]): Promise<void> {
    const insertion = await MassInsertion.open(this.config.redis.graphUrl);
    try {
      const rows = await readCopy(client, COPY_SETS(`owner_id IN (${owners.join(',')})`));
      await insertion.send(encoder.encode(rows.subarray(0, endOfSets(rows).bytes)));
      await insertion.settled();
    } finally {
      insertion.close();
    }
  }
}

/** What stands before and after the id in a key that was made with none. */
function aroundId(key: string): { before: string; after: string } {
  const at = key.lastIndexOf('{}') + 1;
  return { before: key.slice(0, at), after: key.slice(at) };
}

/** A fill that is held down reads small pieces, so that it does not send a second's worth of them in one burst. */
const pieceSize = (most: number, { commandsPerSecond = Infinity }: FillOptions): number =>
  Math.min(most, Math.max(100, Math.ceil(commandsPerSecond / 10)));

interface Fill {
  client: pg.Client;
  insertion: MassInsertion;
  state: RebuildState;
  states: RebuildStateStore;
  lock: RebuildLock;
  options: FillOptions;
  total: number;
}
