import type { Id } from '../ids/ids.js';

/** How many slices the recipients are cut into; fixed for the life of an installation. */
export const BUCKET_COUNT = 64;

/**
 * A recipient's bucket: Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4) of the id's low 32 bits, of
 * which the sequence is the lower part, so that neighbours and ids drawn in step spread evenly.
 * @param count a power of two
 */
export function bucketOf(recipient: Id, count = BUCKET_COUNT): number {
  const low = Number(BigInt.asUintN(32, BigInt(recipient)));
  return Math.imul(low, 0x9e3779b1) >>> (32 - Math.log2(count));
}
