import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { compareIds, type Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { Accounts } from '../users/accounts.js';
import { postsDeleted, postsWithdrawn } from './post-events.js';
import { type DeletedPost, PostStore } from './post-store.js';
import { type CountChange, ReactionStore } from './reaction-store.js';
import { Revisions } from './revisions.js';

/** Small enough for the locks of one transaction. */
const POSTS_PER_BATCH = 200;
const LOVES_PER_BATCH = 5_000;

/** Clears away what deleted posts and accounts leave behind, some at a time. Each may be repeated, and goes on where it was cut off. */
@Injectable()
export class Clearing {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly store: PostStore,
    private readonly reactions: ReactionStore,
    private readonly accounts: Accounts,
    private readonly outbox: Outbox,
    private readonly revisions: Revisions,
  ) {}

  /** Posts and loves of somebody who is gone; the counts of what they reacted to follow. */
  async afterAuthor(author: Id): Promise<void> {
    for (;;) {
      const posts = await this.store.someOf(author, POSTS_PER_BATCH);
      if (posts.length === 0) break;
      await this.removePosts(
        posts.map(({ id }) => id),
        true,
      );
    }
    for (;;) {
      const posts = await this.reactions.someLovedBy(author, POSTS_PER_BATCH);
      if (posts.length === 0) return;
      await this.primary.transaction(async (transaction) => {
        await this.store.lock(transaction, posts);
        const ended = await this.reactions.unlove(transaction, posts, author);
        await this.reactions.count(
          transaction,
          ended.map((postId) => ({ postId, loves: -1 })),
        );
      });
    }
  }

  /** Loves of posts that are gone, and reposts of them without words of their own. */
  async afterPosts(posts: readonly Id[]): Promise<void> {
    while ((await this.reactions.forget(posts, LOVES_PER_BATCH)) === LOVES_PER_BATCH);
    for (;;) {
      const reposts = await this.store.somePlainReposts(posts, POSTS_PER_BATCH);
      if (reposts.length === 0) return;
      await this.removePosts(reposts, false);
    }
  }

  private async removePosts(ids: readonly Id[], authorIsGone: boolean): Promise<void> {
    const known = await this.store.byIds(ids);
    const parents = [...known.values()].flatMap((post) => [post.comment_on, post.repost_of]);
    await this.primary.transaction(async (transaction) => {
      await this.store.lock(transaction, [...ids, ...parents.filter((id) => id !== null)]);
      const removed = await this.store.removeMany(transaction, ids);
      await this.reactions.count(transaction, changesOf(removed));
      const byAuthor = tally(removed.filter((post) => !post.comment_on).map((post) => post.author_id));
      await this.accounts.addPosts(transaction, new Map([...byAuthor].map(([id, posts]) => [id, -posts])));
      if (removed.length === 0) return;
      const postIds = removed.map(({ id }) => id);
      await this.revisions.changed(transaction, [...byAuthor.keys()], postIds);
      await this.outbox.record(transaction, postsDeleted, { postIds });
      // What a deleted author leaves in feeds is taken out together with the author.
      for (const { id, author_id: authorId, comment_on: commentOn } of authorIsGone ? [] : removed)
        if (!commentOn) await this.outbox.record(transaction, postsWithdrawn, { authorId, postIds: [id] });
    });
  }
}

/** By how much the counts change of what these posts hung on. */
function changesOf(removed: readonly DeletedPost[]): CountChange[] {
  const comments = tally(removed.map((post) => post.comment_on));
  const reposts = tally(removed.map((post) => post.repost_of));
  const parents = [...new Set([...comments.keys(), ...reposts.keys()])];
  return parents.map((postId) => ({
    postId,
    comments: -(comments.get(postId) ?? 0),
    reposts: -(reposts.get(postId) ?? 0),
  }));
}

/** How often each id occurs, in the order of the ids: the order in which their rows are locked. */
function tally(ids: readonly (Id | null)[]): Map<Id, number> {
  const counts = new Map<Id, number>();
  for (const id of ids.filter((one) => one !== null).sort(compareIds))
    counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
