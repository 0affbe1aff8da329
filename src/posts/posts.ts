import { Injectable } from '@nestjs/common';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { Accounts } from '../users/accounts.js';
import { UserStore } from '../users/user-store.js';
import { Idempotency, KeyTaken, type RepeatableRequest } from './idempotency.js';
import { mentionedNames } from './mentions.js';
import { PostAccess } from './post-access.js';
import { postReacted, postsDeleted, postsWithdrawn } from './post-events.js';
import { postPublished, usersMentioned } from './post-published.js';
import { type PostDraft, PostStore } from './post-store.js';
import { ReactionStore } from './reaction-store.js';
import { Revisions } from './revisions.js';

/** What somebody publishes. */
export interface NewPost {
  /** Empty only for a repost without words of one's own. */
  body: string;
  commentOn?: Id | undefined;
  repostOf?: Id | undefined;
}

/** Rolls the transaction back in which a repost turned out to be made already. */
class RepostedBefore extends Error {}

/** Publishing, editing and deleting posts, of which comments and reposts are two kinds. */
@Injectable()
export class Posts {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly store: PostStore,
    private readonly reactions: ReactionStore,
    private readonly access: PostAccess,
    private readonly users: UserStore,
    private readonly accounts: Accounts,
    private readonly outbox: Outbox,
    private readonly idempotency: Idempotency,
    private readonly revisions: Revisions,
  ) {}

  /**
   * Publishes a post: the post, the counts and the intents to deliver it commit together. A repost without words that
   * the author has made before is answered as it is.
   * @param key the client's Idempotency-Key; a repeat answers the post that the first request made
   * @throws Problem `idempotency-mismatch`; `not-found` when the post that is commented on or reposted is not there for the author
   */
  async publish(author: Id, post: NewPost, key?: string): Promise<Id> {
    const content = JSON.stringify(['post', post.body, post.commentOn, post.repostOf]);
    const request = key === undefined ? undefined : { userId: author, key, content };
    const earlier = request && (await this.idempotency.find(request));
    if (earlier) return earlier;
    const draft = await this.draft(author, post);
    try {
      return await this.insert(draft, request);
    } catch (error) {
      const made =
        error instanceof KeyTaken && request
          ? await this.idempotency.find(request)
          : error instanceof RepostedBefore
            ? await this.store.plainRepost(draft.repostOf!, author)
            : undefined;
      if (made) return made;
      throw error;
    }
  }

  /**
   * Changes the words of a post; who is mentioned only now is told. The same words change nothing.
   * @throws Problem `not-found`; `forbidden` when it is somebody else's; `invalid-request` for a repost without words
   */
  async edit(author: Id, id: Id, body: string): Promise<void> {
    const mentions = await this.mentioned(body);
    await this.primary.transaction(async (transaction) => {
      const before = await this.store.lockOwn(transaction, id, author);
      if (!before) throw await this.notOurs(id);
      if (before.repost_of !== null && before.body === '')
        throw new Problem('invalid-request', 'A repost without words of your own has none to change.');
      if (before.body === body) return;
      await this.store.edit(transaction, id, author, body, mentions);
      await this.revisions.changed(transaction, [author], [id]);
      const known = new Set([author, ...before.mentions]);
      await this.tellMentioned(
        transaction,
        id,
        author,
        mentions.filter((mention) => !known.has(mention)),
      );
    });
  }

  /** @throws Problem `not-found` when there is no such post; `forbidden` when it is somebody else's */
  async remove(author: Id, id: Id): Promise<void> {
    const removed = await this.primary.transaction(async (transaction) => {
      const post = await this.store.remove(transaction, id, author);
      if (!post) return false;
      if (post.comment_on)
        await this.reactions.count(transaction, [{ postId: post.comment_on, comments: -1 }]);
      if (post.repost_of) await this.reactions.count(transaction, [{ postId: post.repost_of, reposts: -1 }]);
      if (!post.comment_on) await this.accounts.addPosts(transaction, new Map([[author, -1]]));
      await this.outbox.record(transaction, postsDeleted, { postIds: [id] });
      if (!post.comment_on)
        await this.outbox.record(transaction, postsWithdrawn, { authorId: author, postIds: [id] });
      await this.revisions.changed(transaction, post.comment_on ? [] : [author], [id]);
      return true;
    });
    if (!removed) throw await this.notOurs(id);
  }

  /** Takes back the author's repost without words of a post; none is fine too. */
  async undoRepost(author: Id, original: Id): Promise<void> {
    const repost = await this.store.plainRepost(original, author);
    if (repost) await this.remove(author, repost);
  }

  /** Looks up whom it mentions, and what it hangs on: a repost of a mere repost is one of what that reposts. */
  private async draft(author: Id, { body, commentOn, repostOf }: NewPost): Promise<PostDraft> {
    const mentions = await this.mentioned(body);
    if (commentOn) await this.access.find(author, commentOn);
    const reposted = repostOf && (await this.access.find(author, repostOf));
    const original = reposted && reposted.body === '' ? reposted.repost_of! : repostOf;
    return { author, body, mentions, commentOn, repostOf: original };
  }

  private insert(draft: PostDraft, request?: RepeatableRequest): Promise<Id> {
    const { author, mentions, commentOn } = draft;
    return this.primary.transaction(async (transaction) => {
      const postId = await this.store.insert(transaction, draft);
      if (!postId) throw new RepostedBefore();
      if (request) await this.idempotency.claim(transaction, request, postId);
      await this.react(transaction, draft, postId);
      if (!commentOn) {
        await this.accounts.addPosts(transaction, new Map([[author, 1]]));
        await this.outbox.record(transaction, postPublished, { postId, authorId: author });
      }
      await this.tellMentioned(
        transaction,
        postId,
        author,
        mentions.filter((id) => id !== author),
      );
      return postId;
    });
  }

  /** Counts a comment or repost on what it hangs on, and tells its owner. */
  private async react(
    transaction: Transaction,
    { author, body, commentOn, repostOf }: PostDraft,
    id: Id,
  ): Promise<void> {
    for (const [kind, subject] of [
      ['comment', commentOn],
      ['repost', repostOf],
    ] as const) {
      if (!subject) continue;
      const change = kind === 'comment' ? { comments: 1 } : { reposts: 1 };
      const ownerId = (await this.reactions.count(transaction, [{ postId: subject, ...change }])).get(
        subject,
      );
      if (!ownerId) throw new Problem('not-found', 'There is no such post.');
      if (ownerId === author) continue;
      const subjectId = body === '' ? subject : id;
      await this.outbox.record(transaction, postReacted, {
        kind,
        eventId: id,
        actorId: author,
        ownerId,
        subjectId,
      });
    }
  }

  private async tellMentioned(
    transaction: Transaction,
    postId: Id,
    authorId: Id,
    mentions: Id[],
  ): Promise<void> {
    if (mentions.length > 0)
      await this.outbox.record(transaction, usersMentioned, { postId, authorId, mentions });
  }

  private async mentioned(body: string): Promise<Id[]> {
    return (await this.users.byNames(mentionedNames(body))).map((user) => user.id);
  }

  private async notOurs(id: Id): Promise<Problem> {
    const exists = (await this.store.byIds([id])).has(id);
    return exists ? new Problem('forbidden', 'This post is not yours.') : new Problem('not-found');
  }
}
