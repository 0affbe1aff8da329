import type { Id } from '../platform/ids/ids.js';
import type { FollowedIds } from './followed-ids.js';
import type { RelationshipKind } from './user-view.js';

/** A user of whom a copy is at hand, with whom they follow. */
export interface UserAtHand {
  readonly card: { readonly id: Id };
  /** The id as a number. */
  readonly key: bigint;
  /** Whether they follow somebody, in either way; undefined when it has to be asked. @param key the other's id as a number */
  follows(key: bigint): boolean | undefined;
}

/** How a viewer and a user stand to each other. */
export interface Standing {
  /** The viewer's relationship to the user. */
  kind: RelationshipKind | null;
  followsMe: boolean;
  /** Whether the user has blocked the viewer. */
  blocksMe: boolean;
}

/** How many follow a user, and how many the user follows in either way. */
export interface FollowCounts {
  followers: number;
  friends: number;
  noise: number;
}

/** What the graph knows of a user whoever looks. */
export interface Outline extends FollowCounts {
  /** Whom the user follows, in either way; undefined when they are many. */
  following: FollowedIds | undefined;
}

/** What the graph knows of a user, seen by a viewer. */
export interface GraphFacts extends Standing, FollowCounts {}

/**
 * What `users` needs to know of the graph to show a user. `relationships`, which stands below in the order of imports,
 * provides it.
 */
export abstract class GraphView {
  /** How the viewer stands to each user, in the order of the ids. */
  abstract standings(viewer: Id, users: readonly Id[]): Promise<Standing[]>;

  /**
   * The same for people of whom copies are at hand.
   * @param people copies that are kept as of a catch-up with the log of changes
   * @param caughtUp that catch-up
   */
  abstract standingsTo(
    viewer: Id,
    people: readonly UserAtHand[],
    caughtUp: Promise<boolean>,
  ): Promise<Standing[]>;

  /** The same with each user's counts; a user without relationships has zeros. */
  abstract facts(viewer: Id, users: readonly Id[]): Promise<GraphFacts[]>;

  /** From the mirror alone: who is not in it is missing. @throws when Redis is away */
  abstract outlines(users: readonly Id[]): Promise<Map<Id, Outline>>;
}
