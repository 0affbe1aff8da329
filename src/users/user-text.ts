import type { VisibleUser } from './profiles.js';
import type { UserRow } from './user-store.js';
import { ownFields } from './user-view.js';

/** What of a user's text is the same for all viewers, by the row that it was made from. */
const heads = new WeakMap<Readonly<UserRow>, string>();

/** The JSON text of what `presentUser` puts together. */
export function userText({ row, facts }: VisibleUser): string {
  let head = heads.get(row);
  if (head === undefined) heads.set(row, (head = headOf(row)));
  const { followers, friends, noise, kind, followsMe } = facts;
  const relation = kind === null ? 'null' : `"${kind}"`;
  return `${head}${followers},"following":${friends + noise},"friends":${friends},"noise":${noise}},"relationship":{"kind":${relation},"followsMe":${followsMe}}}`;
}

/** Up to the number of followers. */
function headOf(row: Readonly<UserRow>): string {
  return `${JSON.stringify(ownFields(row)).slice(0, -1)},"counts":{"posts":${row.posts_count},"followers":`;
}
