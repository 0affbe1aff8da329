/**
 * Ids are 64-bit and time-ordered: 41 bits of milliseconds since 2010-01-01 UTC, then 22 bits of a database sequence
 * (`next_id()` in the primary). They travel as decimal strings, because JSON numbers end at 53 bits.
 */
export type Id = string;

/** 2010-01-01T00:00:00Z in milliseconds since 1970; the same figure stands in the migration that defines `next_id()`. */
export const ID_EPOCH_MS = 1_262_304_000_000;
const SEQUENCE_BITS = 22n;
const SEQUENCE_SIZE = 2 ** 22;
/** The last digits of an id that are taken apart from the others, so that numbers hold both exactly. */
const LAST_DIGITS = 9;
/** The largest id there could be: where a list that is read downwards begins. */
export const MAX_ID: Id = (2n ** 63n - 1n).toString();
const DECIMAL = /^[1-9]\d{0,18}$/;

/** Whether a text is a positive 64-bit decimal number without sign, blanks or leading zeros. */
export function isId(text: unknown): text is Id {
  return typeof text === 'string' && DECIMAL.test(text) && (text.length < 19 || text <= MAX_ID);
}

/** The moment at which an id was drawn, to the millisecond. A page of a feed has dozens: hence without the cost of BigInt. */
export function timeOfId(id: Id): Date {
  const high = Number(id.slice(0, -LAST_DIGITS));
  const low = Number(id.slice(-LAST_DIGITS));
  // 10^9 / 2^22 = 5^9 / 2^13: so many milliseconds for each 2^13 of the high part, and the rest stays below 2^53.
  const whole = Math.floor(high / 2 ** 13) * 5 ** 9;
  const rest = Math.floor(((high % 2 ** 13) * 10 ** LAST_DIGITS + low) / SEQUENCE_SIZE);
  return new Date(whole + rest + ID_EPOCH_MS);
}

/** The smallest id that could have been drawn at a moment; for ids of imported, older things and for range bounds. */
export function firstIdAt(moment: Date): Id {
  return (BigInt(moment.getTime() - ID_EPOCH_MS) << SEQUENCE_BITS).toString();
}

/** Orders decimal ids as numbers, without the cost of BigInt: a longer one is larger, equal lengths compare as text. */
export function compareIds(a: Id, b: Id): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
