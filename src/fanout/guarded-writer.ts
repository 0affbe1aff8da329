import { Injectable } from '@nestjs/common';
import { ActivityStore } from '../activities/activity-store.js';
import type { ActivityEvent, Recipient } from '../activities/activity.js';
import type { ShardRefusal, WriteOutcome } from '../activities/write-outcome.js';
import { ShardRouter } from '../platform/database/shards.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { Announcements } from './announcements.js';
import { ShardBreakers } from './shard-breakers.js';

/** How long a row that waits for a shard is left alone at most, in milliseconds; it is released as soon as the shard is back. */
const PARKED_MS = 600_000;

/** Writes activities for jobs, past the shards of which it is known that they take nothing just now. */
@Injectable()
export class GuardedWriter {
  constructor(
    private readonly activities: ActivityStore,
    private readonly shards: ShardRouter,
    private readonly breakers: ShardBreakers,
    private readonly outbox: Outbox,
    private readonly announcements: Announcements,
  ) {}

  /**
   * As `ActivityStore.write`, and tells those of the recipients who watch. A shard that refuses is not asked again until
   * it is known to be back.
   */
  async write(event: ActivityEvent, recipients: readonly Recipient[]): Promise<WriteOutcome> {
    const { wanted, refused } = this.breakers.allClosed
      ? { wanted: recipients, refused: [] }
      : this.split(recipients);
    const outcome = await this.activities.write(event, wanted);
    for (const { shard, reason } of outcome.refused) this.breakers.trip(shard, reason);
    const without = new Set(outcome.refused.flatMap((refusal) => refusal.recipients));
    // Those as well whose row was there before: whoever wrote it may have been killed before it was told.
    await this.announcements.tell(
      event,
      without.size > 0 ? wanted.filter((recipient) => !without.has(recipient)) : wanted,
    );
    return { written: outcome.written, refused: [...refused, ...outcome.refused] };
  }

  /**
   * Writes a notification. If a shard refuses, the outbox row behind it waits for that shard.
   * @returns what a handler answers
   */
  async notify(
    event: ActivityEvent,
    recipients: readonly Id[],
    outboxId: Id | undefined,
  ): Promise<'done' | 'open'> {
    const { refused } = await this.write(
      event,
      recipients.map((id) => ({ id, stream: 'notifications' })),
    );
    return this.settled(refused[0], outboxId);
  }

  /**
   * What a handler answers whose work a shard has refused, or none has: the outbox row behind it then waits for that
   * shard, which is asked for nothing until it is known to be back.
   */
  async settled(refusal: ShardRefusal | undefined, outboxId: Id | undefined): Promise<'done' | 'open'> {
    if (!refusal) return 'done';
    this.breakers.trip(refusal.shard, refusal.reason);
    if (outboxId) await this.outbox.park([outboxId], refusal.shard, PARKED_MS);
    return 'open';
  }

  private split(recipients: readonly Recipient[]): {
    wanted: Recipient[];
    refused: WriteOutcome['refused'];
  } {
    const wanted: Recipient[] = [];
    const refused: WriteOutcome['refused'] = [];
    for (const [database, members] of this.shards.group(recipients, ({ id }) => id)) {
      const shard = this.shards.shards.indexOf(database);
      const reason = this.breakers.reason(shard);
      if (reason) refused.push({ shard, reason, recipients: members });
      else wanted.push(...members);
    }
    return { wanted, refused };
  }
}
