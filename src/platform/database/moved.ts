/** There is no such table: the shard has no partition for the bucket. */
const NO_TABLE = '42P01';
/** A row fits no partition, or not the one it was meant for; with a name, it is a check of a column instead. */
const NO_PARTITION = '23514';
/** The bucket has moved away while its rows are still there (`refuse_moved_bucket`). */
const MOVED_AWAY = 'SL002';

/** Whether a shard failed a statement about activities because it does not own their bucket. */
export function hasMoved(error: unknown): boolean {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === NO_TABLE || code === MOVED_AWAY || (code === NO_PARTITION && constraint === undefined);
}
