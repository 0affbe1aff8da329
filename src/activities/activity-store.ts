import { Injectable } from '@nestjs/common';
import type { Database } from '../platform/database/database.js';
import { ShardRouter } from '../platform/database/shards.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { isPassing } from '../platform/http/to-problem.js';
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
import type { Refusal, WriteOutcome } from './write-outcome.js';

const writeActivities = sqlFile<{ written: number }>(import.meta.url, './sql/write-activities.sql');
const insertActivities = sqlFile(import.meta.url, './sql/insert-activities.sql');
const streamPage = sqlFile<[Id, number, Id, Id]>(import.meta.url, './sql/stream-page.sql');

/** A place in a stream: entry, kind and actor of an activity. */
export type StreamPosition = readonly [entryId: Id, kind: Id, actorId: Id];

const START: StreamPosition = [MAX_ID, '32767', MAX_ID];

/** From how many rows on it pays to try without ON CONFLICT first. */
const LARGE = 100;
const UNIQUE_VIOLATION = '23505';
/** What the fence in a shard raises while its gate is closed. */
const FENCE_CLOSED = 'SL001';

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
   */
  async write(event: ActivityEvent, recipients: readonly Recipient[]): Promise<WriteOutcome> {
    const groups = this.shards.group(recipients, (recipient) => recipient.id);
    const outcomes = await Promise.all(
      [...groups].map(([shard, members]) => this.writeTo(shard, event, members)),
    );
    return {
      written: outcomes.reduce((sum, { written }) => sum + written, 0),
      refused: outcomes.flatMap(({ refused }) => refused),
    };
  }

  private async writeTo(shard: Database, event: ActivityEvent, members: Recipient[]): Promise<WriteOutcome> {
    try {
      const written = await insert(shard, event, members);
      this.metrics.activitiesWritten.inc({ shard: shard.name }, written);
      return { written, refused: [] };
    } catch (error) {
      const reason = reasonOf(error);
      if (!reason) throw error;
      const refusal = { shard: this.shards.shards.indexOf(shard), reason, recipients: members };
      return { written: 0, refused: [refusal] };
    }
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
    const parameters = [recipient, STREAMS[stream], ...(after ?? START), limit];
    const rows = await this.shards.shardOf(recipient).tuples(streamPage, parameters);
    return rows.map(([entryId, code, actorId, subjectId]) => ({
      entryId,
      kind: kindOfCode(code),
      actorId,
      subjectId,
    }));
  }
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

/** Why a shard did not take rows; undefined when it is neither closed nor away. */
function reasonOf(error: unknown): Refusal['reason'] | undefined {
  if (codeOf(error) === FENCE_CLOSED) return 'closed';
  return isPassing(error) ? 'unavailable' : undefined;
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** The position of an activity in its stream. */
export const positionOf = (activity: Activity): StreamPosition => [
  activity.entryId,
  String(codeOfKind(activity.kind)),
  activity.actorId,
];
