import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ActivityStore } from '../activities/activity-store.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { Periodic } from '../platform/periodic.js';
import { ChunkQueue } from './chunk-queue.js';
import { Receipts } from './receipts.js';
import { ShardBreakers } from './shard-breakers.js';

const EVERY_MS = 250;
/** So much is let go at a time for each shard, so that the queue never holds all that has waited. */
const CHUNKS = 50;
const OUTBOX_ROWS = 500;

/**
 * Tries, in every worker, the shards that somebody waits for or whose breaker is open. As soon as one takes rows again,
 * what waits for it goes on, whichever process it was refused to.
 */
@Injectable()
export class ShardKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds = new Periodic('ShardKeeper', EVERY_MS, () => this.look());

  constructor(
    private readonly activities: ActivityStore,
    private readonly shards: ShardRouter,
    private readonly breakers: ShardBreakers,
    private readonly receipts: Receipts,
    private readonly outbox: Outbox,
    private readonly chunks: ChunkQueue,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }

  private async look(): Promise<void> {
    const { length } = this.shards.shards;
    const waitedFor = [await this.receipts.waitedFor(length), await this.outbox.waitedFor(length)].flat();
    const shards = [...new Set([...this.breakers.opened(), ...waitedFor])];
    await Promise.all(
      shards.filter((shard) => this.breakers.isDue(shard)).map((shard) => this.attempt(shard)),
    );
  }

  private async attempt(shard: number): Promise<void> {
    const reason = await this.activities.refusal(shard);
    if (reason) {
      this.breakers.trip(shard, reason);
      return;
    }
    this.breakers.close(shard);
    const released = await this.receipts.release(shard, CHUNKS);
    await this.chunks.add(released, true);
    await this.outbox.release(shard, OUTBOX_ROWS);
  }
}
