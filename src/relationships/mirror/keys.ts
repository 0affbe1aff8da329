import type { Id } from '../../platform/ids/ids.js';

/** The owner's sets in the mirror. */
export type MirrorSet = 'friends' | 'noise' | 'blocks' | 'mutes';

/**
 * Every key of the mirror. A user's keys share the hash tag `{id}`. The epoch names one complete copy of the graph: a
 * rebuild fills another one beside it.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `graph:epoch` | hash | `current`: the epoch that is read; `building`: the one that a rebuild fills |
 * | `graph:<epoch>:{id}:<set>` | set | ids of those whom the user has as friend, noise, block, mute |
 * | `graph:<epoch>:{id}:counts` | hash | `followers`, `friends`, `noise`, and the owner's `version` |
 * | `graph:rebuild` | string | who rebuilds, while somebody does |
 */
export class MirrorKeys {
  constructor(private readonly prefix: string) {}

  get epoch(): string {
    return `${this.prefix}graph:epoch`;
  }

  get rebuild(): string {
    return `${this.prefix}graph:rebuild`;
  }

  /** What all keys of all epochs start with; the scripts build keys of users from it. */
  get root(): string {
    return `${this.prefix}graph:`;
  }

  set(epoch: string, owner: Id, name: MirrorSet): string {
    return `${this.prefix}graph:${epoch}:{${owner}}:${name}`;
  }

  counts(epoch: string, owner: Id): string {
    return `${this.prefix}graph:${epoch}:{${owner}}:counts`;
  }

  /** A pattern that matches every key of an epoch, for SCAN. */
  allOf(epoch: string): string {
    return `${this.prefix.replace(/[\\*?[\]]/g, '\\$&')}graph:${epoch}:*`;
  }
}
