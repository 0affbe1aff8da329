import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { PostStore } from '../posts/post-store.js';

/** What became of one fan-out. `expected` = `written` + all of `skipped` once it is done. */
export interface Receipt {
  postId: Id;
  authorId: Id;
  /** `waiting`: not begun; `planning`: the audience is still being counted; `running`; `done`. */
  state: 'waiting' | 'planning' | 'running' | 'done';
  /** Whether it is not written into feeds, but merged when they are read. */
  pulled: boolean;
  /** Followers when the fan-out was planned. */
  expected: number;
  /** Of these, who has the post. */
  written: number;
  /** Of these, who was in the audience no more when their turn came. */
  skipped: { blocked: number; muted: number; left: number; dormant: number };
  chunks: number;
  chunksDone: number;
  chunksLeft: number;
  /** Recipients who wait for a shard that is closed or away. */
  waitingFor: { shard: number; rows: number }[];
  startedAt: string | null;
  finishedAt: string | null;
  /** From its own pace so far; null as long as there is none, and while nothing but shards is waited for. */
  secondsLeft: number | null;
}

interface ReceiptRow {
  author_id: Id;
  state: 'running' | 'done';
  planned: boolean;
  pulled: boolean;
  expected: number;
  written: number;
  blocked: number;
  muted: number;
  left: number;
  dormant: number;
  chunks: number;
  chunks_done: number;
  started_at: Date;
  finished_at: Date | null;
  seconds: number;
}

const readReceipt = sqlFile<ReceiptRow>(import.meta.url, './sql/read-receipt.sql');
const recentPace = sqlFile<{ pace: number | null }>(import.meta.url, './sql/recent-pace.sql');
const readWaits = sqlFile<{ shard: number; rows: number }>(import.meta.url, './sql/read-waits.sql');

const NOTHING_SKIPPED = { blocked: 0, muted: 0, left: 0, dormant: 0 };

/** Receipts as operators see them. */
@Injectable()
export class ReceiptReader {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly posts: PostStore,
  ) {}

  /** Rows a second that one fan-out was written at of late, which several at a time exceed; null when there was none. */
  async recentPace(): Promise<number | null> {
    return (await this.primary.query(recentPace))[0]!.pace;
  }

  /** @returns undefined when there is no such post, and none was delivered */
  async find(postId: Id): Promise<Receipt | undefined> {
    const [[row], waitingFor] = await Promise.all([
      this.primary.query(readReceipt, [postId]),
      this.primary.query(readWaits, [postId]),
    ]);
    return row ? present(postId, row, waitingFor) : this.notBegun(postId);
  }

  private async notBegun(postId: Id): Promise<Receipt | undefined> {
    const post = (await this.posts.byIds([postId])).get(postId);
    return (
      post && {
        postId,
        authorId: post.author_id,
        state: 'waiting',
        pulled: false,
        expected: 0,
        written: 0,
        skipped: NOTHING_SKIPPED,
        chunks: 0,
        chunksDone: 0,
        chunksLeft: 0,
        waitingFor: [],
        startedAt: null,
        finishedAt: null,
        secondsLeft: null,
      }
    );
  }
}

function present(postId: Id, row: ReceiptRow, waitingFor: Receipt['waitingFor']): Receipt {
  const { expected, written, blocked, muted, left, dormant, chunks } = row;
  return {
    postId,
    authorId: row.author_id,
    state: row.state === 'running' && !row.planned ? 'planning' : row.state,
    pulled: row.pulled,
    expected,
    written,
    skipped: { blocked, muted, left, dormant },
    chunks,
    chunksDone: row.chunks_done,
    chunksLeft: chunks - row.chunks_done,
    waitingFor,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    secondsLeft: secondsLeft(row, waitingFor),
  };
}

/** What is left, at the pace so far. Rows that wait for a shard are not counted: nobody knows when it is back. */
function secondsLeft(row: ReceiptRow, waitingFor: Receipt['waitingFor']): number | null {
  if (row.state === 'done') return 0;
  const settled = row.written + row.blocked + row.muted + row.left + row.dormant;
  const waiting = waitingFor.reduce((sum, { rows }) => sum + rows, 0);
  const open = row.expected - settled - waiting;
  if (settled === 0 || open <= 0) return null;
  return Number(((row.seconds / settled) * open).toFixed(1));
}
