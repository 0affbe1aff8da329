import { Injectable } from '@nestjs/common';
import { sqlFile, type Statement } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { activityOf, type ActivityTuple, START, type StreamPosition } from './activity-store.js';
import { type Activity, type ActivityKind, codeOfKind } from './activity.js';
import { perBucket } from './leaves.js';
import { StreamReads } from './stream-reads.js';

/** Which notifications are wanted. */
export interface NotificationFilter {
  kinds: readonly ActivityKind[];
  /** Of these kinds only the newest about each subject. */
  grouped: readonly ActivityKind[];
}

const pages = perBucket(sqlFile<ActivityTuple>(import.meta.url, './sql/notification-page.sql'));
const groups = perBucket(sqlFile<ActivityTuple>(import.meta.url, './sql/notification-groups.sql'));

/** Reads of the notifications that ask for more than a stretch of the stream. */
@Injectable()
export class NotificationStore {
  constructor(private readonly reads: StreamReads) {}

  /** Up to `limit` notifications behind a position, newest first. */
  page(
    recipient: Id,
    { kinds, grouped }: NotificationFilter,
    after: StreamPosition | undefined,
    limit: number,
  ): Promise<Activity[]> {
    const parameters = [...(after ?? START), kinds.map(codeOfKind), grouped.map(codeOfKind), limit];
    return this.read(pages, recipient, parameters);
  }

  /** The newest members of groups, which are told apart by kind and subject; at most `limit` of each, newest first. */
  members(
    recipient: Id,
    keys: readonly Pick<Activity, 'kind' | 'subjectId'>[],
    limit: number,
  ): Promise<Activity[]> {
    const kinds = keys.map(({ kind }) => codeOfKind(kind));
    const subjects = keys.map(({ subjectId }) => subjectId);
    return this.read(groups, recipient, [kinds, subjects, limit]);
  }

  private async read(
    statements: readonly Statement<ActivityTuple>[],
    recipient: Id,
    parameters: readonly unknown[],
  ): Promise<Activity[]> {
    const rows = await this.reads.tuples(statements, recipient, parameters);
    return rows.map(activityOf);
  }
}
