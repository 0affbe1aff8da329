import { Injectable } from '@nestjs/common';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { authorGone, ownersChanged, readerGone } from './changes.js';
import { GraphStore } from './graph-store.js';
import { Mirror } from './mirror/mirror.js';

const clearOwner = sqlFile(import.meta.url, './sql/clear-owner.sql');
const subjectOwners = sqlFile<{ id: Id }>(import.meta.url, './sql/subject-owners.sql');
const forgetSubject = sqlFile(import.meta.url, './sql/forget-subject.sql');
const forgetDismissals = sqlFile(import.meta.url, './recommendations/forget-dismissals.sql');

const OWNERS_PER_BATCH = 500;
/** How long the relay leaves the mirror's share alone, because this process does it right after the commit. */
const INLINE_GRACE_MS = 5_000;

/** Takes somebody who is gone out of the graph, in both directions. */
@Injectable()
export class Departures {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly store: GraphStore,
    private readonly outbox: Outbox,
    private readonly mirror: Mirror,
  ) {}

  /** May be repeated, and goes on where it was cut off. */
  async remove(user: Id): Promise<void> {
    await this.store.ensureOwners([user]);
    await this.primary.query(forgetDismissals, [user]);
    await this.inStep([user], async (transaction) => {
      await transaction.query(clearOwner, [user]);
      await this.outbox.record(transaction, readerGone, { readerId: user });
    });
    for (;;) {
      const owners = (await this.primary.query(subjectOwners, [user, OWNERS_PER_BATCH])).map((row) => row.id);
      if (owners.length === 0) return;
      await this.inStep(owners, async (transaction) => {
        await transaction.query(forgetSubject, [user, owners]);
        await this.outbox.record(transaction, authorGone, { authorId: user, readerIds: owners });
      });
    }
  }

  /** Changes owners under their locks, and brings them to the mirror. */
  private async inStep(owners: Id[], change: (transaction: Transaction) => Promise<unknown>): Promise<void> {
    const outboxId = await this.primary.transaction(async (transaction) => {
      await this.store.lock(transaction, owners);
      await change(transaction);
      return this.outbox.record(transaction, ownersChanged, { ownerIds: owners }, INLINE_GRACE_MS);
    });
    await this.mirror.reload(owners);
    await this.outbox.done([outboxId]);
  }
}
