import { Injectable } from '@nestjs/common';
import type { Database } from '../platform/database/database.js';
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

const writeActivities = sqlFile<{ written: number }>(import.meta.url, './sql/write-activities.sql');
const insertActivities = sqlFile(import.meta.url, './sql/insert-activities.sql');
const streamPage = sqlFile<[Id, number, Id, Id]>(import.meta.url, './sql/stream-page.sql');

/** A place in a stream: entry, kind and actor of an activity. */
export type StreamPosition = readonly [entryId: Id, kind: Id, actorId: Id];

const START: StreamPosition = [MAX_ID, '32767', MAX_ID];

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
   * @returns how many rows were new
   */
  async write(event: ActivityEvent, recipients: readonly Recipient[]): Promise<number> {
    const groups = this.shards.group(recipients, (recipient) => recipient.id);
    const { entryId, kind, actorId, subjectId } = event;
    const counts = await Promise.all(
      [...groups].map(async ([shard, members]) => {
        const ids = idList(members.map((member) => member.id));
        const streams = `{${members.map((member) => STREAMS[member.stream]).join(',')}}`;
        const parameters = [ids, streams, entryId, codeOfKind(kind), actorId, subjectId];
        const written =
          members.length >= LARGE && (await insertAll(shard, parameters))
            ? members.length
            : (await shard.query(writeActivities, parameters))[0]!.written;
        this.metrics.activitiesWritten.inc({ shard: shard.name }, written);
        return written;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
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
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

/** The position of an activity in its stream. */
export const positionOf = (activity: Activity): StreamPosition => [
  activity.entryId,
  String(codeOfKind(activity.kind)),
  activity.actorId,
];
