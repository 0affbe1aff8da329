import { Injectable, Logger } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { errorText } from '../platform/error-text.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { UserStore } from '../users/user-store.js';
import { type GraphChange, graphChanged } from './changes.js';
import { GraphStore } from './graph-store.js';
import { Mirror } from './mirror/mirror.js';

const dismiss = sqlFile<{ version: number }>(import.meta.url, './recommendations/dismiss.sql');
const dismissed = sqlFile<[Id]>(import.meta.url, './recommendations/dismissed.sql');

/** So many dismissals are remembered of each viewer; past that, the oldest give way. */
const MOST_DISMISSALS = 2_000;
/** How long the relay leaves a change alone, because this process brings it to the mirror right after the commit. */
const INLINE_GRACE_MS = 1_000;

/**
 * Whom viewers do not want recommended again. Kept in Postgres alone; a dismissal is a change of its owner that moves
 * nothing but the version, and so what lies ready in the mirror is not used any more.
 */
@Injectable()
export class Dismissals {
  private readonly logger = new Logger('Dismissals');

  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly store: GraphStore,
    private readonly users: UserStore,
    private readonly mirror: Mirror,
    private readonly outbox: Outbox,
  ) {}

  /** Repeating it changes nothing; who is nobody needs none. */
  async add(owner: Id, subject: Id): Promise<void> {
    if (owner === subject || (await this.users.known([subject])).length === 0) return;
    await this.store.ensureOwners([owner]);
    const recorded = await this.primary.transaction(async (transaction) => {
      await this.store.lock(transaction, [owner]);
      const [row] = await transaction.query(dismiss, [owner, subject, MOST_DISMISSALS]);
      if (!row) return undefined;
      const change: GraphChange = {
        ownerId: owner,
        version: row.version,
        subjectId: subject,
        from: null,
        to: null,
      };
      const outboxId = await this.outbox.record(transaction, graphChanged, change, INLINE_GRACE_MS);
      return { change, outboxId };
    });
    if (recorded) await this.bringToMirror(recorded);
  }

  async of(owner: Id): Promise<Id[]> {
    return (await this.primary.tuples(dismissed, [owner])).map(([id]) => id);
  }

  /** So that the next read sees the change. What fails here, the relay does a second later. */
  private async bringToMirror({ change, outboxId }: { change: GraphChange; outboxId: Id }): Promise<void> {
    try {
      await this.mirror.apply(change);
      await this.outbox.done([outboxId]);
    } catch (error) {
      this.logger.warn(`the mirror follows later: ${errorText(error)}`);
    }
  }
}
