import { type Id, timeOfId } from '../platform/ids/ids.js';
import type { UserRow } from './user-store.js';

export type FollowKind = 'friend' | 'noise';
export type RelationshipKind = FollowKind | 'block' | 'mute';

/** How many posts, followers and followed ones a user has. */
export interface UserCounts {
  posts: number;
  followers: number;
  following: number;
  friends: number;
  noise: number;
}

/** How a viewer stands to a user. */
export interface ViewerRelationship {
  kind: RelationshipKind | null;
  followsMe: boolean;
}

/** A user as clients see one. */
export interface UserView {
  id: Id;
  username: string;
  name: string;
  bio: string;
  avatarUrl: string | null;
  createdAt: string;
  counts: UserCounts;
  relationship: ViewerRelationship;
}

/** What clients see of a user whoever looks, apart from counts. */
export const ownFields = (row: Readonly<UserRow>) => ({
  id: row.id,
  username: row.username,
  name: row.name,
  bio: row.bio,
  avatarUrl: row.avatar_url,
  createdAt: timeOfId(row.id).toISOString(),
});

/** What clients see of a user whoever looks. */
interface Shown {
  card: Readonly<UserRow>;
  counts: Readonly<Omit<UserCounts, 'posts' | 'following'>>;
}

/** Puts together what clients see of a user. */
export function presentUser(
  { card, counts: { followers, friends, noise } }: Shown,
  { kind, followsMe }: ViewerRelationship,
): UserView {
  return {
    ...ownFields(card),
    counts: { posts: card.posts_count, followers, following: friends + noise, friends, noise },
    relationship: { kind, followsMe },
  };
}
