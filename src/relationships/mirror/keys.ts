import type { Id } from '../../platform/ids/ids.js';

/** A user's sets in the mirror. */
export type MirrorSet = 'following' | 'noise' | 'blocks' | 'mutes' | 'blockers';

/**
 * Every key of the mirror. A user's keys share the hash tag `{id}`. The epoch names one complete copy of the graph: a
 * rebuild fills another one beside it.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `graph:epoch` | hash | `current`: the epoch that is read; `building`: the one that a rebuild fills; `filling`: set while changes of that one go to its log |
 * | `graph:<epoch>:{id}:following` | set | whom the user follows, as friend or as noise: one set to ask and to intersect |
 * | `graph:<epoch>:{id}:noise` | set | those among them whom the user follows as noise |
 * | `graph:<epoch>:{id}:blocks`, `:mutes` | set | whom the user blocks, mutes |
 * | `graph:<epoch>:{id}:blockers` | set | who blocks the user |
 * | `graph:<epoch>:{id}:counts` | hash | `followers`, `friends`, `noise`, and the owner's `version`: without one, the user is not in this epoch |
 * | `graph:<epoch>:{id}:suggestions` | hash | `list`: recommendations that lie ready for a minute, and the `version` of the user and `stamp` of those followed that they are good for |
 * | `graph:<epoch>:{id}:union`, `:excerpt`, `:candidates` | sets | what recommendations are worked out with; gone when the script ends |
 * | `graph:<epoch>:log` | list | changes that came while the epoch was being filled |
 * | `graph:<epoch>:behind` | set | owners whose changes in the log have gaps: they have to be loaded before the epoch is read |
 * | `graph:<epoch>:probe` | set | a few made-up ids, for as long as a rebuild looks how sets may be loaded |
 * | `graph:leaving` | set | epochs that were read before, and whose keys are not all removed yet |
 * | `graph:rebuild` | string | who rebuilds, while somebody does |
 * | `graph:rebuild:state` | hash | how far the rebuild is |
 * | `graph:rebuild:request` | string | set while an admin waits for a worker to begin one |
 * | `graph:rebuild:last` | string | the certificate of the last one, as JSON |
 * | `graph:audit:turn`, `graph:audit:cursor` | string | which worker audits, and up to which user it got |
 * | `graph:candidates:<digest>` | set | a list of authors whom readers are intersected with, for two minutes |
 */
export class MirrorKeys {
  constructor(private readonly prefix: string) {}

  get epoch(): string {
    return `${this.prefix}graph:epoch`;
  }

  get leaving(): string {
    return `${this.prefix}graph:leaving`;
  }

  get rebuild(): string {
    return `${this.prefix}graph:rebuild`;
  }

  get rebuildState(): string {
    return `${this.prefix}graph:rebuild:state`;
  }

  get rebuildRequest(): string {
    return `${this.prefix}graph:rebuild:request`;
  }

  get rebuildLast(): string {
    return `${this.prefix}graph:rebuild:last`;
  }

  get auditor(): string {
    return `${this.prefix}graph:audit:turn`;
  }

  get auditCursor(): string {
    return `${this.prefix}graph:audit:cursor`;
  }

  candidates(digest: string): string {
    return `${this.prefix}graph:candidates:${digest}`;
  }

  /** What all keys of all epochs start with; the scripts build keys of users from it. */
  get root(): string {
    return `${this.prefix}graph:`;
  }

  set(epoch: string, user: Id, name: MirrorSet): string {
    return `${this.prefix}graph:${epoch}:{${user}}:${name}`;
  }

  counts(epoch: string, user: Id): string {
    return `${this.prefix}graph:${epoch}:{${user}}:counts`;
  }

  suggestions(epoch: string, user: Id): string {
    return `${this.prefix}graph:${epoch}:{${user}}:suggestions`;
  }

  log(epoch: string): string {
    return `${this.prefix}graph:${epoch}:log`;
  }

  behind(epoch: string): string {
    return `${this.prefix}graph:${epoch}:behind`;
  }

  probe(epoch: string): string {
    return `${this.prefix}graph:${epoch}:probe`;
  }

  /** A pattern for SCAN that matches every key of an epoch, or every set of one name. */
  allOf(epoch: string, name?: MirrorSet): string {
    return `${this.prefix.replace(/[\\*?[\]]/g, '\\$&')}graph:${epoch}:*${name ? `}:${name}` : ''}`;
  }
}
