import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { postPublished } from '../posts/post-published.js';

/** How old an answer may be, in milliseconds: about as long as an undisturbed fan-out takes. */
const FRESH_MS = 250;
const MOST = 1_000;

/** Authors with a post that has not reached its whole audience yet. */
@Injectable()
export class PendingAuthors {
  private answer: Promise<Id[] | 'many'> | undefined;
  private askedAt = 0;

  constructor(private readonly outbox: Outbox) {}

  /** Their ids, or `many` when there are more than anybody wants to look through. One query at a time serves all. */
  list(): Promise<Id[] | 'many'> {
    if (!this.answer || Date.now() - this.askedAt > FRESH_MS) {
      this.askedAt = Date.now();
      this.answer = this.ask();
      this.answer.catch(() => (this.answer = undefined));
    }
    return this.answer;
  }

  private async ask(): Promise<Id[] | 'many'> {
    const posts = await this.outbox.pending(postPublished, MOST + 1);
    return posts.length > MOST ? 'many' : [...new Set(posts.map((post) => post.authorId))];
  }
}
