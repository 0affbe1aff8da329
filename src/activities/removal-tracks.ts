import type { Statement } from '../platform/database/sql.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';

/** A row as it lies in the table, behind its place there (its ctid). */
export type StoredRow = readonly [
  place: string,
  recipientId: Id,
  stream: number,
  entryId: Id,
  kind: number,
  actorId: Id,
  subjectId: Id,
];

/** How many rows a page holds at most; the number stands in the statements, where the planner sees it. */
export const PAGE_ROWS = 2_000;

/**
 * One of the two ways in which rows can be duplicates of each other. Feed rows are when all their columns are the same;
 * notifications when recipient, kind, subject and actor are. The oldest stays: of feed rows the one that lies first in
 * the table, of notifications the one with the lowest entry, and of those the first in the table.
 */
export interface Track {
  readonly name: 'feeds' | 'notifications';
  /** The condition of its indexes: the rows that it is about. */
  readonly predicate: string;
  /** The columns in which duplicates are the same, then those that order them. */
  readonly order: readonly string[];
  readonly page: Statement<[...StoredRow]>;
  readonly remove: Statement<{ duplicates: number; orphans: number }>;
  readonly removeLast: Statement;
  /** How many there are of a row that is there several times, instead of its place. */
  readonly repeated: Statement;
  /** What the page's statement takes: where to go on behind a row. */
  position(row: StoredRow): unknown[];
  isDuplicate(row: StoredRow, older: StoredRow): boolean;
}

const file = <Row>(name: string): Statement<Row> => sqlFile<Row>(import.meta.url, `./sql/${name}.sql`);

export const TRACKS: readonly Track[] = [
  {
    name: 'feeds',
    predicate: 'stream < 3',
    order: ['recipient_id', 'stream', 'entry_id', 'kind', 'actor_id', 'subject_id'],
    page: file('feed-rows-page'),
    remove: file('remove-feed-rows'),
    removeLast: file('last-feed-duplicates'),
    repeated: file('repeated-feed-rows'),
    position: (row) => [...row],
    isDuplicate: (row, older) => row.every((value, column) => column === 0 || value === older[column]),
  },
  {
    name: 'notifications',
    predicate: 'stream = 3',
    order: ['recipient_id', 'kind', 'subject_id', 'actor_id', 'entry_id'],
    page: file('notification-rows-page'),
    remove: file('remove-notification-rows'),
    removeLast: file('last-notification-duplicates'),
    repeated: file('repeated-notification-rows'),
    position: ([place, recipientId, , entryId, kind, actorId, subjectId]) => [
      place,
      recipientId,
      kind,
      subjectId,
      actorId,
      entryId,
    ],
    isDuplicate: (row, older) => TOLD.every((column) => row[column] === older[column]),
  },
];

/** Recipient, kind, actor and subject. */
const TOLD = [1, 4, 5, 6] as const;

const LOWEST = '-9223372036854775808';

/** Before the first row of any track. */
export const START: StoredRow = ['(0,0)', LOWEST, -32_768, LOWEST, -32_768, LOWEST, LOWEST];

/**
 * Which rows of a page are duplicates of a row before them.
 * @param before the last row of the page before
 */
export function duplicatesIn(track: Track, rows: readonly StoredRow[], before: StoredRow): boolean[] {
  return rows.map((row, index) => track.isDuplicate(row, rows[index - 1] ?? before));
}
