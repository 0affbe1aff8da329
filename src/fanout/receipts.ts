import { Injectable } from '@nestjs/common';
import type { Recipient } from '../activities/activity.js';
import type { Refusal } from '../activities/write-outcome.js';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';

/** How a fan-out stands after a step of it. */
export interface Progress {
  done: boolean;
  /** Whether the whole audience is cut into chunks. */
  planned: boolean;
  /** Into how many it is cut so far. */
  cut: number;
  /** The outbox row behind it, which is struck when it is done. */
  outboxId: Id | null;
  /** Chunks that are to go into the queue now. */
  handed: readonly number[];
}

/** Members of a chunk: those who are to have the post now, and how many of the others do not get it for which reason. */
export interface Chunk {
  recipients: Recipient[];
  blocked: number;
  muted: number;
  left: number;
  /** Who has not read for so long that nothing is written for them. */
  dormant: number;
}

/** A chunk that goes (back) into the queue. */
export interface OpenChunk {
  postId: Id;
  authorId: Id;
  number: number;
}

interface ProgressRow {
  state: 'running' | 'done';
  planned: boolean;
  cut: number;
  outbox_id: Id | null;
  handed_before: number;
  handed: number;
}

interface ChunkRow {
  friends: string;
  noise: string;
  blocked: number;
  muted: number;
  left: number;
  dormant: number;
}

type Begun = Pick<ProgressRow, 'state' | 'planned' | 'cut'>;
const beginFanout = sqlFile<Begun>(import.meta.url, './sql/begin-fanout.sql');
const abandonFanout = sqlFile(import.meta.url, './sql/abandon-fanout.sql');
const pullFanout = sqlFile<{ pulled: boolean }>(import.meta.url, './sql/pull-fanout.sql');
const planChunks = sqlFile<ProgressRow>(import.meta.url, './sql/plan-chunks.sql');
const handedChunks = sqlFile<{ number: number }>(import.meta.url, './sql/handed-chunks.sql');
const readChunk = sqlFile<ChunkRow>(import.meta.url, './sql/read-chunk.sql');
const settleChunk = sqlFile<ProgressRow>(import.meta.url, './sql/settle-chunk.sql');
const releaseChunks = sqlFile<{ post_id: Id; author_id: Id; number: number; outbox_id: Id | null }>(
  import.meta.url,
  './sql/release-chunks.sql',
);
const awaitsAuthor = sqlFile<{ awaited: boolean }>(import.meta.url, './sql/awaits-author.sql');
const waitingShards = sqlFile<{ shard: number }>(import.meta.url, './sql/waiting-shards.sql');

/**
 * Receipts, and the chunks that are left of running fan-outs; with `receipt-reader.ts` the only place that names their
 * tables. Of a fan-out's chunks only so many are in the queue at a time, however large it is: each one that is done
 * hands over the next.
 */
@Injectable()
export class Receipts {
  /** How many chunks of one fan-out are in the queue at a time. */
  private readonly window: number;

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
  ) {
    this.window = config.fanout.concurrency;
  }

  /** Opens the receipt of a post, or finds the one there is. */
  async begin(postId: Id, authorId: Id, outboxId: Id): Promise<Omit<Progress, 'handed' | 'outboxId'>> {
    const [row] = await this.primary.query(beginFanout, [postId, authorId, outboxId]);
    return { done: row!.state === 'done', planned: row!.planned, cut: row!.cut };
  }

  /**
   * Closes the receipt of a post that is not written into feeds but merged when they are read.
   * @returns false when it is being written already, which then has to be seen through
   */
  async pull(postId: Id, authorId: Id): Promise<boolean> {
    return (await this.primary.query(pullFanout, [postId, authorId]))[0]!.pulled;
  }

  /** Closes the receipt of a post that is gone before anybody had it. */
  async abandon(postId: Id): Promise<void> {
    await this.primary.query(abandonFanout, [postId]);
  }

  /**
   * Cuts the next part of the audience into chunks.
   * @returns undefined when somebody else has planned all of it meanwhile
   */
  async plan(postId: Id, authorId: Id): Promise<Progress | undefined> {
    const { chunkSize } = this.config.fanout;
    const parameters = [postId, authorId, chunkSize, this.window, this.window];
    return progress((await this.primary.query(planChunks, parameters))[0]);
  }

  /** @returns undefined when the chunk is done */
  async chunk({ postId, authorId, number }: OpenChunk): Promise<Chunk | undefined> {
    const [row] = await this.primary.query(readChunk, [postId, number, authorId]);
    if (!row) return undefined;
    const { friends, noise, ...counts } = row;
    return { recipients: [...recipients(friends, 'friends'), ...recipients(noise, 'noise')], ...counts };
  }

  /**
   * Counts a chunk as done, once; whom a shard refused becomes a chunk that waits for the shard.
   * @returns undefined when it was counted before
   */
  async settle(
    postId: Id,
    number: number,
    chunk: Chunk,
    refused: readonly Refusal[],
  ): Promise<Progress | undefined> {
    const { recipients: all, blocked, muted, left, dormant } = chunk;
    const written = refused.reduce((rest, refusal) => rest - refusal.recipients.length, all.length);
    const shards = refused.map(({ shard }) => shard);
    const ids = refused.map((refusal) => idList(refusal.recipients.map(({ id }) => id)));
    const counts = [written, blocked, muted, left];
    const parameters = [postId, number, ...counts, this.window, shards, ids, dormant];
    return progress((await this.primary.query(settleChunk, parameters))[0]);
  }

  /** Chunks that were given to the queue and are not done, at most `limit`; those that wait for a shard are not among them. */
  async handed(postId: Id, limit: number): Promise<number[]> {
    return (await this.primary.query(handedChunks, [postId, limit])).map((row) => row.number);
  }

  /** Whether one of these posts may still be written for a reader as they stood to its author some time ago. */
  async await(posts: readonly Id[], reader: Id): Promise<boolean> {
    return (await this.primary.query(awaitsAuthor, [idList(posts), reader]))[0]!.awaited;
  }

  /** Those of the first `count` shards that chunks wait for. */
  async waitedFor(count: number): Promise<number[]> {
    return (await this.primary.query(waitingShards, [count])).map((row) => row.shard);
  }

  /**
   * Lets chunks go that wait for a shard, at most `limit`. Should they be lost on their way to the queue, or in it, they go
   * again when the lease of what is behind them ends.
   */
  async release(shard: number, limit: number): Promise<OpenChunk[]> {
    const rows = await this.primary.transaction(async (transaction) => {
      const released = await transaction.query(releaseChunks, [shard, limit]);
      const behind = [...new Set(released.flatMap((row) => row.outbox_id ?? []))];
      if (behind.length > 0) await this.outbox.park(behind, null, this.config.outbox.leaseMs, transaction);
      return released;
    });
    return rows.map((row) => ({ postId: row.post_id, authorId: row.author_id, number: row.number }));
  }
}

function progress(row: ProgressRow | undefined): Progress | undefined {
  if (!row) return undefined;
  const { state, planned, cut, outbox_id: outboxId, handed_before: from, handed: to } = row;
  const handed = Array.from({ length: to - from }, (_, i) => from + i);
  return { done: state === 'done', planned, cut, outboxId, handed };
}

function recipients(ids: string, stream: Recipient['stream']): Recipient[] {
  return ids === '' ? [] : ids.split(',').map((id) => ({ id, stream }));
}
