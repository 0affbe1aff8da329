import type { FollowedIds } from './followed-ids.js';
import type { FollowCounts, UserAtHand } from './graph-view.js';
import type { UserRow } from './user-store.js';
import { ownFields, type ViewerRelationship } from './user-view.js';

/** What is shown of somebody whoever looks. Shared, and never changed but for `isKept`: whoever changed is another one. */
export class Person implements UserAtHand {
  /** Whether this is a copy that this process keeps: one that has not changed, as of the last catch-up with the log of changes. */
  isKept = false;
  private begin: string | undefined;
  private id: bigint | undefined;

  constructor(
    readonly card: Readonly<UserRow>,
    readonly counts: Readonly<FollowCounts>,
    readonly following?: FollowedIds,
  ) {}

  get key(): bigint {
    return (this.id ??= BigInt(this.card.id));
  }

  follows(key: bigint): boolean | undefined {
    return this.following?.has(key);
  }

  /** The JSON text of what `presentUser` puts together; most of it is made once. */
  textFor({ kind, followsMe }: ViewerRelationship): string {
    const relation = kind === null ? 'null' : `"${kind}"`;
    this.begin ??= this.beginning();
    return `${this.begin}${relation},"followsMe":${followsMe}}}`;
  }

  /** Up to what the viewer is to them. */
  private beginning(): string {
    const { followers, friends, noise } = this.counts;
    const counts = { posts: this.card.posts_count, followers, following: friends + noise, friends, noise };
    const fields = JSON.stringify(ownFields(this.card)).slice(0, -1);
    return `${fields},"counts":${JSON.stringify(counts)},"relationship":{"kind":`;
  }
}
