import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { UserStore } from '../users/user-store.js';
import type { RelationshipKind } from '../users/user-view.js';
import { type GraphChange, graphChanged, placementChanged, userFollowed } from './changes.js';
import { GraphStore } from './graph-store.js';
import { isFollow } from './kinds.js';
import { Mirror } from './mirror/mirror.js';
import { Timelines } from './timelines.js';

/** How long the relay leaves a change alone, because this process brings it to the mirror right after the commit. */
const INLINE_GRACE_MS = 1_000;

interface Recorded {
  outboxId: Id;
  change: GraphChange;
}

/** Changes of the graph: follow, move between kinds, block, mute, and undo. */
@Injectable()
export class Relationships {
  private readonly logger = new Logger('Relationships');

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly store: GraphStore,
    private readonly users: UserStore,
    private readonly mirror: Mirror,
    private readonly timelines: Timelines,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Sets how an owner stands to a subject; what is so already is left alone and emits nothing. A block also ends the
   * subject's following of the owner, in the same transaction.
   * @throws Problem `self-relationship`; `too-many-follows`; `not-found` when there is no such user, or when a follow is wanted of one who has blocked the owner
   */
  async set(owner: Id, subject: Id, kind: RelationshipKind): Promise<void> {
    if (owner === subject) throw new Problem('self-relationship');
    const before = await this.store.pair(owner, subject);
    if (before.mine === kind) {
      // What the subject left behind in going may still be there.
      if (!(await this.users.byIds([subject])).has(subject)) throw noSuchUser();
      return;
    }
    await this.change(owner, subject, kind, { notify: true });
  }

  /**
   * Makes an owner a friend of a subject whom they have no relationship to, and only then; nobody is told. What stands in
   * the way of it (a block, a subject who is gone) is respected in silence.
   */
  async introduce(owner: Id, subject: Id): Promise<void> {
    if ((await this.store.pair(owner, subject)).mine !== null) return;
    await this.change(owner, subject, 'friend', { notify: false, onlyFrom: null }).catch((error: unknown) => {
      if (!(error instanceof Problem && error.key === 'not-found')) throw error;
    });
  }

  /** Ends whatever relationship there is; none is fine too. */
  async remove(owner: Id, subject: Id): Promise<void> {
    if ((await this.store.pair(owner, subject)).mine !== null)
      await this.change(owner, subject, null, { notify: false });
  }

  private async change(
    owner: Id,
    subject: Id,
    to: RelationshipKind | null,
    { notify, onlyFrom }: { notify: boolean; onlyFrom?: null },
  ): Promise<void> {
    const { backfillPosts } = this.config.feeds;
    const [floor] = await Promise.all([
      isFollow(to) ? this.timelines.floor(subject, backfillPosts) : '0',
      this.store.ensureOwners([owner, subject]),
    ]);
    const recorded = await this.primary.transaction(async (transaction) => {
      await this.store.lock(transaction, to === 'block' ? [owner, subject] : [owner], [owner, subject]);
      if (to && !(await this.users.exist(transaction, [owner, subject]))) throw noSuchUser();
      const { mine, theirs } = await this.store.pair(owner, subject, transaction);
      if (mine === to || (onlyFrom === null && mine !== null)) return [];
      if (to !== null && to !== 'block' && theirs === 'block') throw noSuchUser();
      const done = [
        await this.record(transaction, { ownerId: owner, subjectId: subject, from: mine, to }, floor),
      ];
      if (to === 'block' && isFollow(theirs)) {
        const severed = { ownerId: subject, subjectId: owner, from: theirs, to: null };
        done.push(await this.record(transaction, severed, '0'));
      }
      if (notify && isFollow(to) && !isFollow(mine)) {
        const eventId = done[0]!.outboxId;
        await this.outbox.record(transaction, userFollowed, {
          eventId,
          followerId: owner,
          followedId: subject,
          kind: to,
        });
      }
      return done;
    });
    await this.bringToMirror(recorded);
  }

  private async record(
    transaction: Transaction,
    change: Omit<GraphChange, 'version'>,
    floor: Id,
  ): Promise<Recorded> {
    const { change: versioned, following } = await this.store.write(transaction, change, floor);
    const { mostFollows } = this.config.relationships;
    if (following > mostFollows && isFollow(change.to) && !isFollow(change.from)) {
      throw new Problem('too-many-follows', `Nobody can follow more than ${mostFollows}.`);
    }
    const outboxId = await this.outbox.record(transaction, graphChanged, versioned, INLINE_GRACE_MS);
    if (isFollow(change.from) || isFollow(change.to)) {
      const { ownerId, subjectId } = change;
      await this.outbox.record(transaction, placementChanged, { ownerId, subjectId });
    }
    return { outboxId, change: versioned };
  }

  /** So that the next read sees the change. What fails here, the relay does a second later. */
  private async bringToMirror(recorded: Recorded[]): Promise<void> {
    if (recorded.length === 0) return;
    try {
      for (const { change } of recorded) await this.mirror.apply(change);
      await this.outbox.done(recorded.map(({ outboxId }) => outboxId));
    } catch (error) {
      this.logger.warn(`the mirror follows later: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const noSuchUser = (): Problem => new Problem('not-found', 'There is no such user.');
