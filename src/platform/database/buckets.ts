import type { Id } from '../ids/ids.js';

/**
 * How many slices the recipients are cut into; fixed for the life of an installation. Enough that one of them is a small
 * share of a shard, few enough that a batch of thousands does not fall to pieces (docs/performance.md).
 */
export const BUCKET_COUNT = 64;

/**
 * A recipient's bucket: the remainder of the partition that Postgres's own hash partitioning of a bigint chooses, so that
 * Postgres refuses what is written to the wrong place. This is `hashint8extended` (Bob Jenkins's lookup3, src/common/hashfn.c)
 * under `hash_combine64` and the seed of src/backend/partitioning/partbounds.c; for a power of two only the low 32 bits
 * of its result count.
 * @param count a power of two
 */
export function bucketOf(recipient: Id, count = BUCKET_COUNT): number {
  const id = BigInt.asIntN(64, BigInt(recipient));
  const low = Number(BigInt.asUintN(32, id)) | 0;
  const high = Number(BigInt.asIntN(32, id >> 32n));
  const hash = hash32(id >= 0n ? low ^ high : low ^ ~high);
  return (hash + LOW_OF_COMBINATION) & (count - 1);
}

const SEED_HIGH = 0x7a5b2236;
const SEED_LOW = 0x7996dcfd;
/** What `hash_combine64` adds to the first column's hash, its low half. */
const LOW_OF_COMBINATION = 0x15e5a8e3;

const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** The state of lookup3 for a key of four bytes after the seed was mixed in: the same for every id. */
const SEEDED = ((): readonly [number, number, number] => {
  const start = 0x9e3779b9 + 4 + 3923095;
  let [a, b, c] = [(start + SEED_HIGH) | 0, (start + SEED_LOW) | 0, start | 0];
  for (const bits of [4, 6, 8, 16, 19, 4]) {
    // One line of lookup3's mix(), whose three words take turns.
    const mixed = ((a - c) | 0) ^ rotated(c, bits);
    [a, b, c] = [b, (c + b) | 0, mixed];
  }
  return [a, b, c];
})();

/** The low half of `hash_bytes_uint32_extended`: lookup3's final() for one word. */
function hash32(word: number): number {
  let [a, b, c] = SEEDED;
  a = (a + word) | 0;
  c = ((c ^ b) - rotated(b, 14)) | 0;
  a = ((a ^ c) - rotated(c, 11)) | 0;
  b = ((b ^ a) - rotated(a, 25)) | 0;
  c = ((c ^ b) - rotated(b, 16)) | 0;
  a = ((a ^ c) - rotated(c, 4)) | 0;
  b = ((b ^ a) - rotated(a, 14)) | 0;
  return ((c ^ b) - rotated(b, 24)) | 0;
}
