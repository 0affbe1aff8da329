import type { Id } from '../../platform/ids/ids.js';

/**
 * Orders ids as if shuffled, but each viewer's always alike: the first so many are an even sample, and one id more or less
 * moves no other (bottom-k sampling, after Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007).
 */
export function inDrawingOrder(ids: readonly Id[], viewer: Id): Id[] {
  const seed = Number(viewer.slice(-9));
  return ids
    .map((id) => ({ id, place: scrambled(Number(id.slice(-9)) ^ seed) }))
    .sort((a, b) => a.place - b.place)
    .map(({ id }) => id);
}

/** A 32-bit number from which its origin cannot be told (the finaliser of MurmurHash3, by Austin Appleby). */
function scrambled(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
