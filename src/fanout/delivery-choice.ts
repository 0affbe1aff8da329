import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { Id } from '../platform/ids/ids.js';
import { GraphView } from '../users/graph-view.js';
import { UserStore } from '../users/user-store.js';
import { PulledAuthors } from './pulled-authors.js';

/** How a post reaches its audience. `unsettled`: it is to be merged, which not every process may have heard yet. */
export type Delivery = 'push' | 'pull' | 'unsettled';

/**
 * Decides whether posts are written into each follower's feed or merged when feeds are read: merged where very many
 * follow, and for the account that everybody follows. Until every process knows, such a post counts as on its way, and
 * is merged for that reason.
 */
@Injectable()
export class DeliveryChoice {
  constructor(
    private readonly config: Config,
    private readonly graph: GraphView,
    private readonly users: UserStore,
    private readonly pulled: PulledAuthors,
  ) {}

  /** How a post by this author is delivered; decides it where that is due. */
  async of(author: Id): Promise<Delivery> {
    const known = await this.pulled.find(author);
    if (known?.state === 'pulled') return known.settled ? 'pull' : 'unsettled';
    if (known || !(await this.isDue(author))) return 'push';
    await this.pulled.pull(author);
    return 'unsettled';
  }

  /** Whether an author's posts should be merged although nothing was decided yet. */
  async isDue(author: Id): Promise<boolean> {
    return (await this.followers(author)) >= this.config.feeds.pullAudience || this.isHost(author);
  }

  /** Whether this is the account that everybody follows. */
  async isHost(author: Id): Promise<boolean> {
    const { autoFollow } = this.config.relationships;
    return autoFollow !== undefined && (await this.users.byName(autoFollow))?.id === author;
  }

  async followers(author: Id): Promise<number> {
    return (await this.graph.facts(author, [author]))[0]!.followers;
  }
}
