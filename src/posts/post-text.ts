import { type Id, timeOfId } from '../platform/ids/ids.js';
import type { VisibleUser } from '../users/profiles.js';
import type { PostRow } from './post-store.js';
import type { Reactions } from './reaction-store.js';

/** The JSON text of a post as clients see one, and what is said of it elsewhere. */
export interface PostText {
  id: Id;
  createdAt: string;
  json: string;
  /** The bytes of an entry in a feed that shows it in its own place, once one was put together. */
  entry?: Buffer;
}

/** What of a post's text is the same for all viewers. */
interface Parts {
  createdAt: string;
  /** Up to the author. */
  head: string;
  /** From there up to whom it mentions. */
  body: string;
  /** From there up to what it reposts. */
  place: string;
  /** From there on, but for what the viewer did with it. */
  counts: string;
  /** The texts that were made last, with no more in them than the author and the post. */
  made: Made[];
}

interface Made {
  author: VisibleUser;
  text: PostText;
}

/** Those whom the author follows see another text than the others. */
const MOST_MADE = 2;

/** By the row that they were made from. */
const known = new WeakMap<Readonly<PostRow>, Parts>();

/** The JSON text of what `presentPost` puts together. */
export function postText(
  row: Readonly<PostRow>,
  author: VisibleUser,
  mentions: readonly VisibleUser[],
  repostOf: PostText | null,
  { loved, reposted }: Reactions,
): PostText {
  let parts = known.get(row);
  if (!parts) known.set(row, (parts = partsOf(row)));
  const isPlain = mentions.length === 0 && repostOf === null && !loved && !reposted;
  if (isPlain) for (const made of parts.made) if (isSame(made.author, author)) return made.text;
  const { createdAt, head, body, place, counts } = parts;
  const mentioned = mentions.map(textOf).join();
  const viewer = `,"viewer":{"loved":${loved},"reposted":${reposted}}`;
  // Joined, unlike added, it lies in one piece.
  const json = [
    head,
    textOf(author),
    body,
    mentioned,
    place,
    repostOf?.json ?? 'null',
    viewer,
    counts,
  ].join('');
  const text = { id: row.id, createdAt, json };
  if (isPlain) parts.made = [{ author, text }, ...parts.made.slice(0, MOST_MADE - 1)];
  return text;
}

const textOf = ({ person, standing }: VisibleUser): string => person.textFor(standing);

const isSame = (a: VisibleUser, b: VisibleUser): boolean =>
  a.person === b.person &&
  a.standing.followsMe === b.standing.followsMe &&
  a.standing.kind === b.standing.kind;

function partsOf(row: Readonly<PostRow>): Parts {
  const createdAt = timeOfId(row.id).toISOString();
  const text = { body: row.body, createdAt, editedAt: row.edited_at?.toISOString() ?? null };
  const counts = {
    comments: row.comments_count,
    loves: row.loves_count,
    reposts: row.reposts_count,
    views: row.views_count,
  };
  return {
    createdAt,
    head: `{"id":${JSON.stringify(row.id)},"author":`,
    body: `,${JSON.stringify(text).slice(1, -1)},"mentions":[`,
    place: `],"commentOn":${JSON.stringify(row.comment_on)},"repostOf":`,
    counts: `,"counts":${JSON.stringify(counts)}}`,
    made: [],
  };
}
