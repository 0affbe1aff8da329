import type { Id } from '../platform/ids/ids.js';

/** A recipient's streams, as they are stored; a code never changes its meaning. */
export const STREAMS = { friends: 1, noise: 2, notifications: 3 } as const;
export type Stream = keyof typeof STREAMS;

/** Kinds of activity, as they are stored; a code never changes its meaning. */
const KIND_CODES = { post: 1, follow: 2, mention: 3, love: 4, comment: 5, repost: 6 } as const;
export type ActivityKind = keyof typeof KIND_CODES;
const KINDS = Object.keys(KIND_CODES) as ActivityKind[];
/** The kinds that notifications have. */
export const NOTIFICATION_KINDS = KINDS.filter((kind) => kind !== 'post');

export const codeOfKind = (kind: ActivityKind): number => KIND_CODES[kind];
export const kindOfCode = (code: number): ActivityKind => KINDS[code - 1]!;

/** What happened, the same for all its recipients. */
export interface ActivityEvent {
  kind: ActivityKind;
  /** The place in a stream: the post's id in a feed, the id of the event among the notifications. */
  entryId: Id;
  actorId: Id;
  /** What it is about: a post, or for a follow the one who is followed. */
  subjectId: Id;
}

/** Who gets it, and in which stream. */
export interface Recipient {
  id: Id;
  stream: Stream;
}

/** One row of one recipient's stream. */
export type Activity = ActivityEvent;
