import type { Id } from '../platform/ids/ids.js';
import type { RelationshipKind } from './user-view.js';

/** What the graph knows of a user, seen by a viewer. */
export interface GraphFacts {
  followers: number;
  friends: number;
  noise: number;
  /** The viewer's relationship to the user. */
  kind: RelationshipKind | null;
  followsMe: boolean;
  /** Whether the user has blocked the viewer. */
  blocksMe: boolean;
}

/**
 * What `users` needs to know of the graph to show a user. `relationships`, which stands below in the order of imports,
 * provides it.
 */
export abstract class GraphView {
  /** Facts about each user, in the order of the ids; a user without relationships has zeros. */
  abstract facts(viewer: Id, users: readonly Id[]): Promise<GraphFacts[]>;
}
