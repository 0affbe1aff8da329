import type pg from 'pg';
import { leafOf } from './leaves.js';

const LOCK_NOT_AVAILABLE = '55P03';
const ATTEMPTS = 10;

/**
 * Has logical replication copy rows into partitions at a gentler pace: a trigger in the partition that is being filled sends
 * the copying session to sleep in proportion to what it has worked since it woke, and with it whoever sends the rows.
 * @param share of the time in which the copy works, above 0 and below 1
 */
export async function paceCopy(client: pg.Client, buckets: readonly number[], share: number): Promise<void> {
  for (const bucket of buckets) {
    const leaf = leafOf(bucket);
    // Sent together, they are one transaction. One row in 256 on the average, whatever order they come in.
    await client.query(`
      CREATE OR REPLACE TRIGGER pace_copy BEFORE INSERT ON ${leaf} FOR EACH ROW
        WHEN ((hashint8extended(NEW.recipient_id, NEW.entry_id) & 255) = 0) EXECUTE FUNCTION pace_copy('${share}');
      ALTER TABLE ${leaf} ENABLE REPLICA TRIGGER pace_copy`);
  }
}

/** Takes away what paces the copy. Waits for whoever writes to a partition. @throws when one is in use for long */
export async function endPace(client: pg.Client, buckets: readonly number[]): Promise<void> {
  for (const bucket of buckets) await dropTrigger(client, leafOf(bucket));
}

async function dropTrigger(client: pg.Client, leaf: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`DROP TRIGGER IF EXISTS pace_copy ON ${leaf}`);
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE || attempt === ATTEMPTS) throw error;
    }
  }
}
