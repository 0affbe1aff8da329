import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import type { AudienceChunk } from '../relationships/graph-store.js';

/** What became of one fan-out. `expected` = `written` + `skipped` once it is done. */
export interface Receipt {
  postId: Id;
  authorId: Id;
  state: 'running' | 'done';
  expected: number;
  written: number;
  /** Followers who left between the planning and the writing. */
  skipped: number;
  chunks: number;
  chunksDone: number;
  startedAt: string;
  finishedAt: string | null;
}

interface ReceiptRow {
  post_id: Id;
  author_id: Id;
  state: 'running' | 'done';
  expected: number;
  written: number;
  skipped: number;
  chunks: number;
  chunks_done: number;
  started_at: Date;
  finished_at: Date | null;
}

type State = Pick<ReceiptRow, 'state' | 'chunks'>;

const beginFanout = sqlFile<State>(import.meta.url, './sql/begin-fanout.sql');
const finishFanout = sqlFile(import.meta.url, './sql/finish-fanout.sql');
const planFanout = sqlFile<{ post_id: Id }>(import.meta.url, './sql/plan-fanout.sql');
const planChunks = sqlFile(import.meta.url, './sql/plan-chunks.sql');
const openChunks = sqlFile<{ number: number }>(import.meta.url, './sql/open-chunks.sql');
const readChunk = sqlFile<{ after_id: Id; upto_id: Id }>(import.meta.url, './sql/read-chunk.sql');
const finishChunk = sqlFile<{ state: string }>(import.meta.url, './sql/finish-chunk.sql');
const readReceipt = sqlFile<ReceiptRow>(import.meta.url, './sql/read-receipt.sql');

/** Receipts, and the chunks that are left of running fan-outs: the only place that names their tables. */
@Injectable()
export class Receipts {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
  ) {}

  /** Opens the receipt of a post, or finds the one there is. */
  async begin(postId: Id, authorId: Id): Promise<State> {
    return (await this.primary.query(beginFanout, [postId, authorId]))[0]!;
  }

  /** Closes a fan-out that needed no chunks. */
  async finish(postId: Id, rows: number): Promise<void> {
    await this.primary.query(finishFanout, [postId, rows]);
  }

  /** Records into which chunks an audience was cut, all of them or none. */
  async plan(postId: Id, chunks: readonly AudienceChunk[]): Promise<void> {
    const expected = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
    await this.primary.transaction(async (transaction) => {
      const planned = await transaction.query(planFanout, [postId, chunks.length, expected]);
      if (planned.length === 0) return;
      await transaction.query(planChunks, [
        postId,
        chunks.map((_, number) => number),
        chunks.map((chunk) => chunk.after),
        chunks.map((chunk) => chunk.upto),
        chunks.map((chunk) => chunk.size),
      ]);
    });
  }

  /** The numbers of the chunks that are still to be written. */
  async open(postId: Id): Promise<number[]> {
    return (await this.primary.query(openChunks, [postId])).map((row) => row.number);
  }

  /** @returns undefined when the chunk is done */
  async chunk(postId: Id, number: number): Promise<{ after: Id; upto: Id } | undefined> {
    const [row] = await this.primary.query(readChunk, [postId, number]);
    return row && { after: row.after_id, upto: row.upto_id };
  }

  /**
   * Counts a chunk as done, once; after the last one the outbox row behind the fan-out is struck. Should that be cut off
   * in between, the row is dispatched again, finds the receipt closed and is struck then: no transaction is needed, and
   * none keeps the receipt locked from the other chunks while it commits.
   */
  async finishChunk(postId: Id, number: number, rows: number, outboxId: Id): Promise<void> {
    const [row] = await this.primary.query(finishChunk, [postId, number, rows]);
    if (row?.state === 'done') await this.outbox.done([outboxId]);
  }

  async find(postId: Id): Promise<Receipt | undefined> {
    const [row] = await this.primary.query(readReceipt, [postId]);
    return (
      row && {
        postId: row.post_id,
        authorId: row.author_id,
        state: row.state,
        expected: row.expected,
        written: row.written,
        skipped: row.skipped,
        chunks: row.chunks,
        chunksDone: row.chunks_done,
        startedAt: row.started_at.toISOString(),
        finishedAt: row.finished_at?.toISOString() ?? null,
      }
    );
  }
}
