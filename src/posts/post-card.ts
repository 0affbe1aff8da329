import { type Id, timeOfId } from '../platform/ids/ids.js';
import type { PostRow } from './post-store.js';

/** What everybody sees of a post, whoever looks. */
export interface PostCard {
  id: Id;
  authorId: Id;
  mentions: Id[];
  /** The post's counts as JSON. */
  counts: string;
  /** Its text and times: these fields of the post's JSON, without the braces. */
  text: string;
}

/** A card as the cache keeps it: what a page decides by, and the JSON that it is put together from, parted by blanks. */
export function encodePost(row: PostRow): string {
  const text = JSON.stringify({
    body: row.body,
    createdAt: timeOfId(row.id).toISOString(),
    editedAt: row.edited_at?.toISOString() ?? null,
  }).slice(1, -1);
  const counts = JSON.stringify({
    comments: row.comments_count,
    loves: row.loves_count,
    reposts: row.reposts_count,
    views: row.views_count,
  });
  return `${row.author_id} ${row.mentions.join(',')} ${counts} ${text}`;
}

export function decodePost(id: Id, encoded: string): PostCard {
  const author = encoded.indexOf(' ');
  const mentions = encoded.indexOf(' ', author + 1);
  const counts = encoded.indexOf(' ', mentions + 1);
  return {
    id,
    authorId: encoded.slice(0, author),
    mentions: mentions === author + 1 ? [] : encoded.slice(author + 1, mentions).split(','),
    counts: encoded.slice(mentions + 1, counts),
    text: encoded.slice(counts + 1),
  };
}
