import type { Id } from '../ids/ids.js';

/**
 * Thrown by a handler whose work a closed gate has refused. That is no failure: no attempt is counted, the job ends, and
 * its outbox row is parked until the gate of that shard opens.
 */
export class Postponed extends Error {
  override readonly name = 'Postponed';

  /** @param outboxId the row to park, where it is not the one behind the job itself */
  constructor(
    readonly shard: number,
    readonly outboxId?: Id,
  ) {
    super(`The gate of shard ${shard} is closed.`);
  }
}
