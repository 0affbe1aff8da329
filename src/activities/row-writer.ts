import { Injectable } from '@nestjs/common';
import { bucketOf } from '../platform/database/buckets.js';
import type { Database } from '../platform/database/database.js';
import { hasMoved } from '../platform/database/moved.js';
import { ShardRouter } from '../platform/database/shards.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { Problem } from '../platform/http/problem.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { type ActivityEvent, codeOfKind, type Recipient, STREAMS } from './activity.js';
import { write } from './citus.js';
import { type Refusal, reasonOf, type WriteOutcome } from './write-outcome.js';

const writeActivities = sqlFile<{ written: number }>(import.meta.url, './sql/write-activities.sql');
const insertActivities = sqlFile(import.meta.url, './sql/insert-activities.sql');

/** From how many rows on it pays to try without ON CONFLICT first. */
const LARGE = 100;
const UNIQUE_VIOLATION = '23505';

/** Rows that go to one shard in one statement. */
interface Batch {
  shard: Database;
  recipients: Recipient[];
}

/** Rows that a shard refused because it has lost a bucket of theirs; none of them was written. */
interface Move extends Batch {
  error: unknown;
}

/** Writes rows to the shards that own them. */
@Injectable()
export class RowWriter {
  constructor(
    private readonly shards: ShardRouter,
    private readonly metrics: Metrics,
  ) {}

  /** As `ActivityStore.write`. */
  async write(event: ActivityEvent, recipients: readonly Recipient[]): Promise<WriteOutcome> {
    const outcome: WriteOutcome = { written: 0, refused: [] };
    let moves: Move[] = [];
    const attempt = async () => {
      // Once a bucket is missing, each has a statement of its own, so that it alone is held up.
      const batches =
        moves.length === 0
          ? this.byShard(recipients)
          : this.byBucket(moves.flatMap((move) => move.recipients));
      const answers = await Promise.all(batches.map((batch) => this.writeBatch(event, batch, outcome)));
      moves = answers.filter((answer) => answer !== undefined);
      if (moves.length > 0) throw moves[0]!.error;
    };
    try {
      await this.shards.followingMoves(attempt);
    } catch (error) {
      if (moves.length === 0 || !(error instanceof Problem)) throw error;
      outcome.refused.push(...moves.map((move) => this.refused(move, 'unavailable')));
    }
    return outcome;
  }

  /** As `ActivityStore.refusal`. */
  async refusal(shard: number): Promise<Refusal['reason'] | undefined> {
    try {
      await write(this.shards.shards[shard]!, writeActivities, ['{}', '{}', '0', 1, '0', '0']);
      return undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (!reason) throw error;
      return reason;
    }
  }

  private byShard(recipients: readonly Recipient[]): Batch[] {
    const groups = this.shards.group(recipients, ({ id }) => id);
    return [...groups].map(([shard, members]) => ({ shard, recipients: members }));
  }

  private byBucket(recipients: readonly Recipient[]): Batch[] {
    const batches = new Map<number, Batch>();
    for (const recipient of recipients) {
      const bucket = bucketOf(recipient.id);
      const batch = batches.get(bucket);
      if (batch) batch.recipients.push(recipient);
      else batches.set(bucket, { shard: this.shards.ownerOf(bucket), recipients: [recipient] });
    }
    return [...batches.values()];
  }

  /** Adds to the outcome, or answers that a bucket is not there any more. */
  private async writeBatch(
    event: ActivityEvent,
    batch: Batch,
    outcome: WriteOutcome,
  ): Promise<Move | undefined> {
    try {
      const written = await insert(event, batch);
      this.metrics.activitiesWritten.inc({ shard: batch.shard.name }, written);
      outcome.written += written;
    } catch (error) {
      if (hasMoved(error)) return { ...batch, error };
      const reason = reasonOf(error);
      if (!reason) throw error;
      outcome.refused.push(this.refused(batch, reason));
    }
    return undefined;
  }

  private refused({ shard, recipients }: Batch, reason: Refusal['reason']): Refusal {
    return { shard: this.shards.numberOf(shard), reason, recipients };
  }
}

/** @returns how many rows were new */
async function insert(event: ActivityEvent, { shard, recipients }: Batch): Promise<number> {
  const { entryId, kind, actorId, subjectId } = event;
  const ids = idList(recipients.map((recipient) => recipient.id));
  const streams = `{${recipients.map((recipient) => STREAMS[recipient.stream]).join(',')}}`;
  const parameters = [ids, streams, entryId, codeOfKind(kind), actorId, subjectId];
  if (recipients.length >= LARGE && (await insertAll(shard, parameters))) return recipients.length;
  return (await write(shard, writeActivities, parameters))[0]!.written;
}

/**
 * Writes rows that are most likely all new. ON CONFLICT looks into each unique index before it inserts, and marks what
 * it inserts as tentative, which costs more than a third of the speed; a batch that was written before is the exception,
 * and fails at its first row.
 * @returns false when a row is there already; nothing was written then
 */
async function insertAll(shard: Database, parameters: unknown[]): Promise<boolean> {
  try {
    await write(shard, insertActivities, parameters);
    return true;
  } catch (error) {
    if (codeOf(error) === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
