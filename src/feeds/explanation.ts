import type { Id } from '../platform/ids/ids.js';

/** What brings a post into a feed. The rows are not in place yet, or never will be, in all but the first case. */
export type Through =
  'row' | 'gate-closed' | 'fan-out-pending' | 'author-pulled' | 'placement-pending' | 'reader-asleep';

/** Why a post is in no feed of a reader. */
export type Absence =
  | 'no-such-post'
  | 'comment'
  | 'own-post'
  | 'author-gone'
  | 'blocked'
  | 'muted'
  | 'not-followed'
  | 'followed-later'
  | 'original-gone'
  | 'original-blocked'
  | 'original-muted'
  | 'original-followed'
  | 'row-missing';

/** Whether a post is in a reader's feed, through what, or why it is not. */
export interface Explanation {
  viewerId: Id;
  postId: Id;
  inFeed: 'friends' | 'noise' | null;
  through: Through | null;
  /** The shard on which the row lies; null when there is none. */
  shard: number | null;
  reason: Absence | null;
  sentence: string;
}

/** Who and what a sentence is about. */
export interface Subjects {
  reader: string;
  author: string;
  feed: string;
  shard: number | null;
  post: Id;
}

const THROUGH: Record<Through, (about: Subjects) => string> = {
  row: ({ shard }) => `it is a row on shard ${shard}`,
  'gate-closed': () => 'it is merged when the feed is read, because the gate is closed before its row',
  'fan-out-pending': () =>
    'it is merged when the feed is read, because it is still on its way to the audience',
  'author-pulled': ({ author }) =>
    `it is merged when the feed is read, as every post of ${author}, who is not written into feeds`,
  'placement-pending': ({ author }) =>
    `it is merged when the feed is read, because the rows of ${author} are still being put in place after a change of the follow`,
  'reader-asleep': ({ reader }) =>
    `it is merged when the feed is read, because ${reader} has not read for long and is dormant: nothing is written until the next read`,
};

const ABSENT: Record<Absence, (about: Subjects) => string> = {
  'no-such-post': ({ post }) => `there is no post ${post}, or it was removed`,
  comment: () => 'it is a comment, and these go into no feed',
  'own-post': ({ reader }) => `${reader} wrote it, and nobody follows themselves`,
  'author-gone': () => 'the account of its author was deleted',
  blocked: ({ reader, author }) => `one of ${reader} and ${author} has blocked the other`,
  muted: ({ reader, author }) => `${reader} has muted ${author}`,
  'not-followed': ({ reader, author }) => `${reader} does not follow ${author}`,
  'followed-later': ({ reader, author }) =>
    `${reader} followed ${author} after it was posted, and it is older than the posts that came with the follow`,
  'original-gone': () => 'it reposts without words a post that was removed',
  'original-blocked': ({ reader }) =>
    `it reposts without words somebody whom ${reader} has blocked, or who has blocked ${reader}`,
  'original-muted': ({ reader }) => `it reposts without words somebody whom ${reader} has muted`,
  'original-followed': ({ reader }) =>
    `it reposts without words somebody whom ${reader} follows, and who brings the post itself`,
  'row-missing': ({ feed }) =>
    `it belongs into the feed ${feed}, but its row is missing there; that is a fault`,
};

export const sentenceThrough = (through: Through, about: Subjects): string =>
  `Post ${about.post} is in the feed ${about.feed} of ${about.reader}: ${THROUGH[through](about)}.`;

export const sentenceAbsent = (reason: Absence, about: Subjects): string =>
  `Post ${about.post} is in no feed of ${about.reader}: ${ABSENT[reason](about)}.`;
