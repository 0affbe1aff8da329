import type { Id } from '../platform/ids/ids.js';
import type { ProfileCard } from './profile-card.js';

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

/** What the graph adds to a card: the user's counts, and how the viewer stands to them. */
export type UserFacts = Omit<UserCounts, 'posts' | 'following'> & ViewerRelationship;

/** Puts together what clients see of a user, as the JSON of a `UserView`. */
export function userText(
  card: ProfileCard,
  { followers, friends, noise, kind, followsMe }: UserFacts,
): string {
  return (
    `{${card.text},"counts":{"posts":${card.posts},"followers":${followers},"following":${friends + noise},` +
    `"friends":${friends},"noise":${noise}},` +
    `"relationship":{"kind":${kind === null ? 'null' : `"${kind}"`},"followsMe":${followsMe}}}`
  );
}

/** The same, as a value. */
export const presentUser = (card: ProfileCard, facts: UserFacts): UserView =>
  JSON.parse(userText(card, facts)) as UserView;
