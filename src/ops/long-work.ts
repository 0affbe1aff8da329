import type { Transaction } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';

interface LongWork {
  build: Id | null;
  repair: Id | null;
  move: Id | null;
}

const lockLongWork = sqlFile(import.meta.url, './lock-long-work.sql');
const readLongWork = sqlFile<LongWork>(import.meta.url, './read-long-work.sql');

/** After so long without a sign of life the process of an index build counts as gone, in seconds. */
const SILENCE_SECONDS = 10;

/**
 * Moves of buckets, and index builds and repairs, each change the tables of activities as a whole: none begins beside one
 * of the other kind. Holds a lock until the transaction ends, so that two do not begin at the same time.
 * @throws Problem `index-build-running`, `repair-running`, `shard-move-running`
 */
export async function mustBeAlone(
  transaction: Transaction,
  work: 'index build' | 'repair' | 'move',
): Promise<void> {
  await transaction.query(lockLongWork);
  const { build, repair, move } = (await transaction.query(readLongWork, [SILENCE_SECONDS]))[0]!;
  if (build && work === 'move')
    throw new Problem('index-build-running', `Index build ${build} is running: wait for it, or abort it.`);
  if (repair && work === 'move')
    throw new Problem('repair-running', `Repair ${repair} is running: wait for it, or abort it.`);
  if (move && work !== 'move')
    throw new Problem(
      'shard-move-running',
      `The move ${move} of buckets is not over: finish it, roll it back or abort it first.`,
    );
}
