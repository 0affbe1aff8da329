import { type Redis, ReplyError } from 'ioredis';
import { intsetSize, writeIntset } from './intset.js';

/** Redis's default of `set-max-intset-entries`, for hosts that do not let us ask. */
const DEFAULT_LIMIT = 512;
/** A larger set is loaded in pieces even if Redis would keep it packed: one command must not take long. */
const MOST = 16_384;
const IDS = [1n, 70_000n, 5_000_000_000n, 2n ** 63n - 1n];

/**
 * Up to which size sets may be loaded as dumps of packed arrays: loads one, reads it back and removes it.
 *
 * @param key of nothing yet
 * @returns 0 where they may not: a proxy or a host that refuses RESTORE, or a server that keeps such sets in another way
 */
export async function largestIntset(redis: Redis, key: string): Promise<number> {
  const ids = Buffer.alloc(8 * IDS.length);
  IDS.forEach((id, index) => ids.writeBigInt64BE(id, 8 * index));
  const dump = Buffer.alloc(intsetSize(IDS.length));
  writeIntset(dump, 0, ids, 0, IDS.length);
  try {
    await redis.unlink(key);
    await redis.restore(key, 0, dump);
    const [encoding, members] = [await redis.object('ENCODING', key), await redis.smembers(key)];
    await redis.unlink(key);
    const isSame = encoding === 'intset' && members.join() === IDS.join();
    return isSame ? Math.min(await packedUpTo(redis), MOST) : 0;
  } catch (error) {
    if (error instanceof ReplyError) return 0;
    throw error;
  }
}

async function packedUpTo(redis: Redis): Promise<number> {
  try {
    const [, limit] = (await redis.config('GET', 'set-max-intset-entries')) as string[];
    return limit === undefined ? DEFAULT_LIMIT : Number(limit);
  } catch (error) {
    if (error instanceof ReplyError) return DEFAULT_LIMIT;
    throw error;
  }
}
