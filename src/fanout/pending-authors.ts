import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { postPublished } from '../posts/post-published.js';

/** More authors than these at a time are not looked through: everybody's page then counts as incomplete. */
const MOST = 200;

/** Authors with a post that has not reached its whole audience yet. */
@Injectable()
export class PendingAuthors {
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Id[] | 'many'> | undefined;

  constructor(private readonly outbox: Outbox) {}

  /**
   * Their ids, or `many`. Callers share queries, but never one that began before they asked: whatever was accepted
   * before the call is in the answer.
   */
  list(): Promise<Id[] | 'many'> {
    this.next ??= this.running.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  private begin(): Promise<Id[] | 'many'> {
    this.next = undefined;
    const answer = this.ask();
    this.running = answer;
    return answer;
  }

  private async ask(): Promise<Id[] | 'many'> {
    const posts = await this.outbox.pending(postPublished, MOST + 1);
    return posts.length > MOST ? 'many' : [...new Set(posts.map((post) => post.authorId))];
  }
}
