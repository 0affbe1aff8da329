import type { UserRow } from './user-store.js';
import { ownFields, type UserCounts, type ViewerRelationship } from './user-view.js';

type Graph = Omit<UserCounts, 'posts' | 'following'>;

/** What was made of a row. */
interface Made {
  /** Up to the number of followers: the same for all viewers. */
  head: string;
  /** The text that was made last for somebody whom the user follows, and for somebody whom not. */
  last: [Text?, Text?];
}

interface Text extends Graph, Pick<ViewerRelationship, 'kind'> {
  json: string;
}

const known = new WeakMap<Readonly<UserRow>, Made>();

/** The JSON text of what `presentUser` puts together. Of the same row and facts, it is the same string. */
export function userText(
  row: Readonly<UserRow>,
  { followers, friends, noise }: Graph,
  { kind, followsMe }: ViewerRelationship,
): string {
  let made = known.get(row);
  if (!made) known.set(row, (made = { head: headOf(row), last: [] }));
  const place = followsMe ? 0 : 1;
  const last = made.last[place];
  const isSame =
    last?.kind === kind && last.followers === followers && last.friends === friends && last.noise === noise;
  if (isSame) return last.json;
  const relation = kind === null ? 'null' : `"${kind}"`;
  const json = `${made.head}${followers},"following":${friends + noise},"friends":${friends},"noise":${noise}},"relationship":{"kind":${relation},"followsMe":${followsMe}}}`;
  made.last[place] = { followers, friends, noise, kind, json };
  return json;
}

function headOf(row: Readonly<UserRow>): string {
  return `${JSON.stringify(ownFields(row)).slice(0, -1)},"counts":{"posts":${row.posts_count},"followers":`;
}
