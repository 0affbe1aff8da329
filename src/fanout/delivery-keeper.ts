import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { Periodic } from '../platform/periodic.js';
import { postPublished } from '../posts/post-published.js';
import { UserStore } from '../users/user-store.js';
import { DeliveryChoice } from './delivery-choice.js';
import { PendingPosts } from './pending-posts.js';
import { PulledAuthors } from './pulled-authors.js';
import { Sleepers } from './sleepers.js';

const pulledOfState = sqlFile<{ id: Id }>(import.meta.url, './sql/pulled-of-state.sql');
const beginPushing = sqlFile(import.meta.url, './sql/begin-pushing.sql');
const endPushing = sqlFile(import.meta.url, './sql/end-pushing.sql');
const reopenFanouts = sqlFile<{ id: Id }>(import.meta.url, './sql/reopen-fanouts.sql');

const EVERY_MS = 10_000;
const AUTHORS_PER_ROUND = 100;
const POSTS_PER_STEP = 200;

/**
 * Looks, in every worker, after what is merged and what is written: pulls the account that everybody follows before it
 * publishes, writes the posts of authors again whose audience has shrunk below half of what it took, and lets readers
 * fall asleep.
 */
@Injectable()
export class DeliveryKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds = new Periodic('Delivery', EVERY_MS, () => this.look());
  private after: Id = '0';

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
    private readonly users: UserStore,
    private readonly choice: DeliveryChoice,
    private readonly pulled: PulledAuthors,
    private readonly pending: PendingPosts,
    private readonly sleepers: Sleepers,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }

  /** One round of all that. */
  async look(): Promise<void> {
    await this.pullTheHost();
    await this.beginToPush();
    await this.finishPushing();
    await this.sleepers.walk();
  }

  /**
   * Has an author's posts written into feeds again: those from now on at once, and those that were merged one after the
   * other. Until all are written they are merged as well, and each shows once.
   */
  async push(author: Id): Promise<void> {
    await this.primary.query(beginPushing, [author]);
    for (let reopened = POSTS_PER_STEP; reopened === POSTS_PER_STEP;) {
      reopened = await this.primary.transaction(async (transaction) => {
        const posts = await transaction.query(reopenFanouts, [author, POSTS_PER_STEP]);
        for (const { id } of posts)
          await this.outbox.record(transaction, postPublished, { postId: id, authorId: author });
        return posts.length;
      });
    }
  }

  private async pullTheHost(): Promise<void> {
    const { autoFollow } = this.config.relationships;
    const host = autoFollow === undefined ? undefined : await this.users.byName(autoFollow);
    if (host && !(await this.pulled.find(host.id))) await this.pulled.pull(host.id);
  }

  private async beginToPush(): Promise<void> {
    const authors = await this.primary.query(pulledOfState, ['pulled', AUTHORS_PER_ROUND, this.after]);
    this.after = authors.length < AUTHORS_PER_ROUND ? '0' : authors.at(-1)!.id;
    const least = this.config.feeds.pullAudience / 2;
    for (const { id } of authors) {
      if ((await this.choice.followers(id)) >= least || (await this.choice.isDue(id))) continue;
      await this.push(id);
    }
  }

  /** What was being written is written when nothing of it is on its way; a round that was cut off is begun again. */
  private async finishPushing(): Promise<void> {
    const authors = await this.primary.query(pulledOfState, ['pushing', AUTHORS_PER_ROUND, '0']);
    for (const { id } of authors) {
      await this.push(id);
      const { posts, all } = await this.pending.list();
      if (all && !posts.some(({ authorId }) => authorId === id)) await this.primary.query(endPushing, [id]);
    }
  }
}
