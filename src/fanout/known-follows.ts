import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Id } from '../platform/ids/ids.js';
import { type Follow, GraphStore } from '../relationships/graph-store.js';

const MOST_KEPT_BYTES = 16 << 20;
/** The belt, should a mirror ever go back to a version that it had before, in milliseconds. */
const GOOD_FOR_MS = 120_000;

/** Follows of a reader who was at a version. */
interface Known {
  version: string;
  follows: Map<Id, Follow>;
}

/**
 * From which post on readers follow those whose posts are merged, kept in this process for as long as nothing changes among the
 * reader's relationships: whatever does so gives them the next version, in Postgres before the mirror.
 */
@Injectable()
export class KnownFollows {
  private readonly known = new LRUCache<Id, Known>({
    maxSize: MOST_KEPT_BYTES,
    sizeCalculation: ({ follows }) => 400 + 200 * follows.size,
    ttl: GOOD_FOR_MS,
    noUpdateTTL: true,
  });

  constructor(private readonly graph: GraphStore) {}

  /**
   * Whom of some people a reader follows, and from which post on.
   * @param version that the mirror had of the reader's relationships when it was asked whom of them they follow; Postgres is asked
   *   anew where it is left out
   */
  async among(reader: Id, version: string | undefined, subjects: readonly Id[]): Promise<Follow[]> {
    if (subjects.length === 0) return [];
    if (version === undefined) return this.graph.followsAmong(reader, subjects);
    const known = this.known.get(reader);
    const follows = known?.version === version ? known.follows : new Map<Id, Follow>();
    const missing = subjects.filter((subject) => !follows.has(subject));
    if (missing.length > 0) {
      for (const follow of await this.graph.followsAmong(reader, missing))
        follows.set(follow.subjectId, follow);
      this.known.set(reader, { version, follows });
    }
    return subjects.flatMap((subject) => follows.get(subject) ?? []);
  }
}
