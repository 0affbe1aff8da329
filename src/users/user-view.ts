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

/** Puts together what clients see of a user. */
export function presentUser(
  row: Readonly<UserRow>,
  graph: Omit<UserCounts, 'posts' | 'following'>,
  relationship: ViewerRelationship,
): UserView {
  return {
    ...ownFields(row),
    counts: {
      posts: row.posts_count,
      followers: graph.followers,
      following: graph.friends + graph.noise,
      friends: graph.friends,
      noise: graph.noise,
    },
    relationship: { kind: relationship.kind, followsMe: relationship.followsMe },
  };
}
