import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { UniqueKeys } from '../../activities/unique-keys.js';
import { type ClosedGate, Gate } from '../../fanout/gate.js';
import { Problem } from '../../platform/http/problem.js';
import type { Id } from '../../platform/ids/ids.js';

/** How long writes under way are waited for, in milliseconds. */
const QUIET_WITHIN_MS = 60_000;
/** How long a gate that somebody else has closed is waited for. */
const GATE_WITHIN_MS = 120_000;
const POLL_MS = 250;
/** When the gate opens by itself, should the process that closed it die. The table's lock keeps writers out even then. */
const REOPEN_AFTER_SECONDS = 3_600;

/** The last part of a repair: the unique indexes, behind the gate. */
@Injectable()
export class Finish {
  constructor(
    private readonly keys: UniqueKeys,
    private readonly gate: Gate,
  ) {}

  /**
   * Brings a shard's unique indexes back, unless it has them; the shard's gate is open again afterwards, whatever happens.
   * @returns how many duplicates came in since the walk had passed them
   * @throws Problem `gate-closed`, `gate-timeout`; pg.DatabaseError when the indexes could not be built
   */
  async shard(repairId: Id, shard: number): Promise<number> {
    if (await this.keys.complete(shard)) return 0;
    await this.keys.vacuum(shard);
    const by = `repair ${repairId} of shard ${shard}`;
    const { key, closedAt } = await this.close(by, shard);
    try {
      return (await this.keys.seal(shard, repairId, key)).duplicates;
    } finally {
      await this.gate.open(by, { shard, closedAt });
    }
  }

  /** Closes the shard's gate once nobody else has it closed. What this part left closed when it was cut off is its own. */
  private async close(by: string, shard: number): Promise<ClosedGate> {
    const deadline = Date.now() + GATE_WITHIN_MS;
    for (;;) {
      const { shards } = await this.gate.status(shard);
      const own = shards.find((closing) => closing.shard === shard && closing.closedBy === by);
      if (own) await this.gate.open(by, { shard, closedAt: new Date(own.closedAt) });
      try {
        return await this.gate.close({
          reason: 'building the unique indexes of the activities',
          by,
          shard,
          reopenAfterSeconds: REOPEN_AFTER_SECONDS,
          timeoutMs: QUIET_WITHIN_MS,
        });
      } catch (error) {
        const taken = error instanceof Problem && error.key === 'gate-closed';
        if (!taken || Date.now() > deadline) throw error;
        await delay(POLL_MS);
      }
    }
  }
}
