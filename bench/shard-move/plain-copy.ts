import { pipeline } from 'node:stream/promises';
import pgCopy from 'pg-copy-streams';
import { leafOf } from '../../src/activities/leaves.js';
import type { Database } from '../../src/platform/database/database.js';

/**
 * Copies partitions by hand, one after the other, into tables of the same shape and with the same indexes on another shard:
 * what a move of them costs at least. The tables are dropped again.
 */
export async function copyPlainly(
  source: Database,
  target: Database,
  buckets: readonly number[],
): Promise<{ rows: number; seconds: number }> {
  const from = await source.dedicatedClient();
  const to = await target.dedicatedClient();
  try {
    let rows = 0;
    let seconds = 0;
    for (const bucket of buckets) {
      await to.query('CREATE TABLE plain_copy (LIKE activities INCLUDING ALL)');
      const began = performance.now();
      const into = to.query(pgCopy.from('COPY plain_copy FROM STDIN (FORMAT binary)'));
      await pipeline(from.query(pgCopy.to(`COPY ${leafOf(bucket)} TO STDOUT (FORMAT binary)`)), into);
      seconds += (performance.now() - began) / 1_000;
      rows += into.rowCount;
      await to.query('DROP TABLE plain_copy');
    }
    return { rows, seconds };
  } finally {
    await from.end();
    await to.end();
  }
}
