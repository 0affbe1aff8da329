import type { Redis } from 'ioredis';

const KEYS_PER_SCAN = 1_000;

/** Removes all keys of a pattern, a few at a time, without holding Redis up. */
export async function removeKeys(redis: Redis, pattern: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', KEYS_PER_SCAN);
    if (found.length > 0) await redis.unlink(...found);
    cursor = next;
  } while (cursor !== '0');
}
