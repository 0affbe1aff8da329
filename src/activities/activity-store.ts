import { Injectable } from '@nestjs/common';
import { bucketOf } from '../platform/database/buckets.js';
import type { Database } from '../platform/database/database.js';
import { hasMoved } from '../platform/database/moved.js';
import { ShardRouter } from '../platform/database/shards.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { type Id, MAX_ID } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import {
  type Activity,
  type ActivityEvent,
  codeOfKind,
  kindOfCode,
  type Recipient,
  STREAMS,
  type Stream,
} from './activity.js';
import { perLeaf } from './leaves.js';
import { type Refusal, reasonOf, type WriteOutcome } from './write-outcome.js';

const writeActivities = sqlFile<{ written: number }>(import.meta.url, './sql/write-activities.sql');
const insertActivities = sqlFile(import.meta.url, './sql/insert-activities.sql');
/** Entry, kind, actor and subject of an activity, as the pages of streams have them. */
export type ActivityTuple = [Id, number, Id, Id];

const streamPages = perLeaf(sqlFile<ActivityTuple>(import.meta.url, './sql/stream-page.sql'));

/** A place in a stream: entry, kind and actor of an activity. */
export type StreamPosition = readonly [entryId: Id, kind: Id, actorId: Id];

/** Before the newest activity of every stream. */
export const START: StreamPosition = [MAX_ID, '32767', MAX_ID];

/** From how many rows on it pays to try without ON CONFLICT first. */
const LARGE = 100;
const UNIQUE_VIOLATION = '23505';

/** The activities table on the shards: the only place that names it. */
@Injectable()
export class ActivityStore {
  constructor(
    private readonly shards: ShardRouter,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Writes one event for many recipients, with one statement per shard, the shards side by side. May be repeated.
   * A shard that is closed or cannot be reached does not keep the others back: its recipients are among the refused.
   * Rows whose bucket has moved are refused by the shard that had it, and go to its new owner.
   */
  async write(event: ActivityEvent, recipients: readonly Recipient[]): Promise<WriteOutcome> {
    const outcome: WriteOutcome = { written: 0, refused: [] };
    let left = recipients;
    await this.shards.followingMoves(async () => {
      const groups = this.shards.group(left, (recipient) => recipient.id);
      const moves: Move[] = [];
      await Promise.all(
        [...groups].map(async ([shard, members]) => {
          const move = await this.writeTo(shard, event, members, outcome);
          if (move) moves.push(move);
        }),
      );
      left = moves.flatMap(({ recipients: moved }) => moved);
      if (moves.length > 0) throw moves[0]!.error;
    });
    return outcome;
  }

  /** Adds to the outcome, or answers that a bucket is not there any more; then nothing was written. */
  private async writeTo(
    shard: Database,
    event: ActivityEvent,
    recipients: Recipient[],
    outcome: WriteOutcome,
  ): Promise<Move | undefined> {
    try {
      const written = await insert(shard, event, recipients);
      this.metrics.activitiesWritten.inc({ shard: shard.name }, written);
      outcome.written += written;
    } catch (error) {
      if (hasMoved(error)) return { error, recipients };
      const reason = reasonOf(error);
      if (!reason) throw error;
      outcome.refused.push({ shard: this.shards.numberOf(shard), reason, recipients });
    }
    return undefined;
  }

  /** Why a shard would not take a row just now: goes all the way of a write, with no row. */
  async refusal(shard: number): Promise<Refusal['reason'] | undefined> {
    try {
      await this.shards.shards[shard]!.query(writeActivities, ['{}', '{}', '0', 1, '0', '0']);
      return undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (!reason) throw error;
      return reason;
    }
  }

  /** Up to `limit` activities of a stream behind a position, newest first. */
  async page(
    recipient: Id,
    stream: Stream,
    after: StreamPosition | undefined,
    limit: number,
  ): Promise<Activity[]> {
    const bucket = bucketOf(recipient);
    const parameters = [recipient, STREAMS[stream], ...(after ?? START), limit];
    const rows = await this.shards.followingMoves(() =>
      this.shards.ownerOf(bucket).tuples(streamPages[bucket]!, parameters),
    );
    return rows.map(activityOf);
  }
}

/** Rows that a shard refused, because it has lost a bucket of theirs. */
interface Move {
  error: unknown;
  recipients: Recipient[];
}

async function insert(shard: Database, event: ActivityEvent, members: Recipient[]): Promise<number> {
  const { entryId, kind, actorId, subjectId } = event;
  const ids = idList(members.map((member) => member.id));
  const streams = `{${members.map((member) => STREAMS[member.stream]).join(',')}}`;
  const parameters = [ids, streams, entryId, codeOfKind(kind), actorId, subjectId];
  if (members.length >= LARGE && (await insertAll(shard, parameters))) return members.length;
  return (await shard.query(writeActivities, parameters))[0]!.written;
}

/**
 * Writes rows that are most likely all new. ON CONFLICT looks into each unique index before it inserts, and marks what
 * it inserts as tentative, which costs more than a third of the speed; a batch that was written before is the exception,
 * and fails at its first row.
 * @returns false when a row is there already; nothing was written then
 */
async function insertAll(shard: Database, parameters: unknown[]): Promise<boolean> {
  try {
    await shard.query(insertActivities, parameters);
    return true;
  } catch (error) {
    if (codeOf(error) === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

export const activityOf = ([entryId, code, actorId, subjectId]: ActivityTuple): Activity => ({
  entryId,
  kind: kindOfCode(code),
  actorId,
  subjectId,
});

/** The position of an activity in its stream. */
export const positionOf = (activity: Activity): StreamPosition => [
  activity.entryId,
  String(codeOfKind(activity.kind)),
  activity.actorId,
];
