import { Injectable } from '@nestjs/common';
import { codeOfKind } from '../../activities/activity.js';
import type { StoredRow } from '../../activities/removal-tracks.js';
import type { Id } from '../../platform/ids/ids.js';
import { PostStore } from '../../posts/post-store.js';
import { UserStore } from '../../users/user-store.js';

const FOLLOW = codeOfKind('follow');

/** Tells rows apart from those whose recipient, actor or subject is gone. */
@Injectable()
export class Orphans {
  constructor(
    private readonly users: UserStore,
    private readonly posts: PostStore,
  ) {}

  /**
   * Which of some rows are orphans. A user or a post is there before the first row that names it, and never comes back
   * once it is gone; so, as these rows were read before the look-up, what is missing is missing for good.
   * @param rows a page at most
   */
  async among(rows: readonly StoredRow[]): Promise<boolean[]> {
    const users = new Set<Id>();
    const posts = new Set<Id>();
    for (const [, recipientId, , , kind, actorId, subjectId] of rows) {
      users.add(recipientId).add(actorId);
      (kind === FOLLOW ? users : posts).add(subjectId);
    }
    const [presentUsers, presentPosts] = await Promise.all([
      this.users.present([...users]),
      this.posts.present([...posts]),
    ]);
    return rows.map(
      ([, recipientId, , , kind, actorId, subjectId]) =>
        !presentUsers.has(recipientId) ||
        !presentUsers.has(actorId) ||
        !(kind === FOLLOW ? presentUsers : presentPosts).has(subjectId),
    );
  }
}
