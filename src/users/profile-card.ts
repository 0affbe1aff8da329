import { type Id, timeOfId } from '../platform/ids/ids.js';

/** A user's public columns. */
export interface UserRow {
  id: Id;
  username: string;
  name: string;
  bio: string;
  avatar_url: string | null;
  posts_count: number;
}

/** What everybody sees of a user, whoever looks. */
export interface ProfileCard {
  id: Id;
  posts: number;
  /** The other fields of the user's JSON, without the braces. */
  text: string;
}

/** A card as the cache keeps it: the number of posts, and the JSON that a page is put together from. */
export function encodeCard(row: UserRow): string {
  return `${row.posts_count} ${cardText(row)}`;
}

export function decodeCard(id: Id, encoded: string): ProfileCard {
  const end = encoded.indexOf(' ');
  return { id, posts: Number(encoded.slice(0, end)), text: encoded.slice(end + 1) };
}

/** The card of a row that was read another way. */
export function cardOf(row: UserRow): ProfileCard {
  return { id: row.id, posts: row.posts_count, text: cardText(row) };
}

function cardText({ id, username, name, bio, avatar_url: avatarUrl }: UserRow): string {
  const createdAt = timeOfId(id).toISOString();
  return JSON.stringify({ id, username, name, bio, avatarUrl, createdAt }).slice(1, -1);
}
