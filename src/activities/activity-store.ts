import { Injectable } from '@nestjs/common';
import { sqlFile } from '../platform/database/sql.js';
import { type Id, MAX_ID } from '../platform/ids/ids.js';
import {
  type Activity,
  type ActivityEvent,
  codeOfKind,
  kindOfCode,
  type Recipient,
  STREAMS,
  type Stream,
} from './activity.js';
import { perBucket } from './leaves.js';
import { RowWriter } from './row-writer.js';
import { StreamReads } from './stream-reads.js';
import type { Refusal, WriteOutcome } from './write-outcome.js';

/** Entry, kind, actor and subject of an activity, as the pages of streams have them. */
export type ActivityTuple = [Id, number, Id, Id];

const streamPage = sqlFile<ActivityTuple>(import.meta.url, './sql/stream-page.sql');
/** All columns of all rows as one text, without its ends a list in JSON: the driver takes its time with each value, and a page has more than eighty. */
const streamPages = perBucket<[text: string | null]>({
  name: `${streamPage.name}_text`,
  text: `
    SELECT string_agg(
      concat_ws('","', entry_id, kind, actor_id, subject_id), '","' ORDER BY entry_id DESC, kind DESC, actor_id DESC
    )
    FROM (${streamPage.text}) AS page`,
});

/** A place in a stream: entry, kind and actor of an activity. */
export type StreamPosition = readonly [entryId: Id, kind: Id, actorId: Id];

/** Before the newest activity of every stream. */
export const START: StreamPosition = [MAX_ID, '32767', MAX_ID];

/** Everybody's activities, whichever shards they lie on. */
@Injectable()
export class ActivityStore {
  constructor(
    private readonly reads: StreamReads,
    private readonly writer: RowWriter,
  ) {}

  /**
   * Writes one event for many recipients, with one statement per shard, the shards side by side. May be repeated.
   * A shard that is closed or cannot be reached does not keep the others back: its recipients are among the refused.
   * Rows whose bucket has moved are refused by the shard that had it, and go to its new owner; those of a bucket that
   * nobody takes within a second are among the refused.
   */
  write(event: ActivityEvent, recipients: readonly Recipient[]): Promise<WriteOutcome> {
    return this.writer.write(event, recipients);
  }

  /** Why a shard would not take a row just now: goes all the way of a write, with no row. */
  refusal(shard: number): Promise<Refusal['reason'] | undefined> {
    return this.writer.refusal(shard);
  }

  /** Up to `limit` activities of a stream behind a position, newest first. */
  page(recipient: Id, stream: Stream, after: StreamPosition | undefined, limit: number): Promise<Activity[]> {
    const parameters = [STREAMS[stream], ...(after ?? START), limit];
    return this.reads.tuples(streamPages, recipient, parameters).then(([row]) => activitiesOf(row![0]));
  }
}

function activitiesOf(text: string | null): Activity[] {
  if (text === null) return [];
  // Unlike pieces of a text, whose letters stay where they were, these are found fast in maps.
  const columns = JSON.parse(`["${text}"]`) as string[];
  const activities: Activity[] = [];
  for (let at = 0; at < columns.length; at += 4) {
    const [entryId, code, actorId, subjectId] = [
      columns[at]!,
      columns[at + 1]!,
      columns[at + 2]!,
      columns[at + 3]!,
    ];
    activities.push({ entryId, kind: kindOfCode(Number(code)), actorId, subjectId });
  }
  return activities;
}

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
