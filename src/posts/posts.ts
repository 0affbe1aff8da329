import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { UserStore } from '../users/user-store.js';
import { Idempotency, KeyTaken, type RepeatableRequest } from './idempotency.js';
import { mentionedNames } from './mentions.js';
import { postPublished, usersMentioned } from './post-published.js';
import { PostCards } from './post-cards.js';
import { PostStore } from './post-store.js';

/** Publishing and deleting. */
@Injectable()
export class Posts {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly store: PostStore,
    private readonly cards: PostCards,
    private readonly users: UserStore,
    private readonly outbox: Outbox,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * Publishes a post: the post and the intent to deliver it commit together.
   * @param key the client's Idempotency-Key; a repeat answers the post that the first request made
   * @throws Problem `idempotency-mismatch`; `not-found` when that post was deleted since
   */
  async publish(author: Id, body: string, key?: string): Promise<Id> {
    const request = key === undefined ? undefined : { userId: author, key, content: `post\n${body}` };
    const earlier = request && (await this.idempotency.find(request));
    if (earlier) return earlier;
    try {
      return await this.insert(author, body, request);
    } catch (error) {
      const made = error instanceof KeyTaken && request ? await this.idempotency.find(request) : undefined;
      if (made) return made;
      throw error;
    }
  }

  /** @throws Problem `not-found` when there is no such post; `forbidden` when it is somebody else's */
  async remove(author: Id, id: Id): Promise<void> {
    const removed = await this.primary.transaction(async (transaction) => {
      if (!(await this.store.remove(transaction, id, author))) return false;
      await this.users.addPosts(transaction, author, -1);
      await this.cards.changed(transaction, [id]);
      return true;
    });
    if (removed) return;
    const exists = (await this.store.byIds([id])).has(id);
    throw exists ? new Problem('forbidden', 'This post is not yours.') : new Problem('not-found');
  }

  /** Deletes all posts of somebody whose account is gone, some thousands at a time. */
  async removeAllOf(author: Id): Promise<void> {
    let removed: Id[];
    do {
      removed = await this.primary.transaction(async (transaction) => {
        const ids = await this.store.removeSomeOf(transaction, author);
        if (ids.length > 0) await this.cards.changed(transaction, ids);
        return ids;
      });
    } while (removed.length > 0);
  }

  private async insert(author: Id, body: string, request?: RepeatableRequest): Promise<Id> {
    const mentioned = await this.users.byNames(mentionedNames(body));
    const mentions = mentioned.map((user) => user.id);
    return this.primary.transaction(async (transaction) => {
      const postId = await this.store.insert(transaction, author, body, mentions);
      if (request) await this.idempotency.claim(transaction, request, postId);
      await this.users.addPosts(transaction, author, 1);
      await this.outbox.record(transaction, postPublished, { postId, authorId: author });
      const others = mentions.filter((id) => id !== author);
      if (others.length > 0)
        await this.outbox.record(transaction, usersMentioned, { postId, authorId: author, mentions: others });
      return postId;
    });
  }
}
