import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { UniqueKeys } from '../../activities/unique-keys.js';
import { Gate, type GateStatus } from '../../fanout/gate.js';
import { Problem } from '../../platform/http/problem.js';
import type { Id } from '../../platform/ids/ids.js';

/** How long writes under way are waited for, in milliseconds; longer than a killed worker's job counts as running. */
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
   * Brings a shard's unique indexes back, unless it has them; the gate is open again afterwards, whatever happens.
   * @returns how many duplicates came in since the walk had passed them
   * @throws Problem `gate-closed`, `gate-timeout`; pg.DatabaseError when the indexes could not be built
   */
  async shard(repairId: Id, shard: number): Promise<number> {
    if (await this.keys.complete(shard)) return 0;
    await this.keys.vacuum(shard);
    const by = `repair ${repairId} of shard ${shard}`;
    const { closedAt } = await this.close(by);
    try {
      return (await this.keys.seal(shard, repairId, undefined)).duplicates;
    } finally {
      await this.gate.open(by, new Date(closedAt!));
    }
  }

  /** Closes the gate once nobody else has it closed. What this part of this repair left closed when it was cut off is its own. */
  private async close(by: string): Promise<GateStatus> {
    for (const deadline = Date.now() + GATE_WITHIN_MS; ; await delay(POLL_MS)) {
      const { state, closedBy, closedAt } = await this.gate.status();
      if (state !== 'open' && closedBy === by) await this.gate.open(by, new Date(closedAt!));
      try {
        return await this.gate.close({
          reason: 'building the unique indexes of the activities',
          by,
          reopenAfterSeconds: REOPEN_AFTER_SECONDS,
          timeoutMs: QUIET_WITHIN_MS,
        });
      } catch (error) {
        const taken = error instanceof Problem && error.key === 'gate-closed';
        if (!taken || Date.now() > deadline) throw error;
      }
    }
  }
}
