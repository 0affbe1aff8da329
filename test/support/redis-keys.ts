import type { Redis } from 'ioredis';

/** Every key that matches a pattern, read bit by bit. */
export async function keysUnder(redis: Redis, pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of redis.scanStream({ match: pattern, count: 1_000 }))
    found.push(...(keys as string[]));
  return found;
}
