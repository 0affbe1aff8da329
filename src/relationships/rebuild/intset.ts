import { appendCrc64 } from './crc64.js';

/** RDB_TYPE_SET_INTSET of Redis. */
const SET_INTSET = 11;
/** Of the format of the dump: the first that RESTORE knew. A server takes those up to its own. */
const RDB_VERSION = 6;
const BYTES_PER_ID = 8;
const ID_WIDTH_AND_COUNT = 8;
const VERSION_AND_CHECKSUM = 10;

/** How many bytes the dump of a set of so many ids takes. */
export function intsetSize(count: number): number {
  const length = ID_WIDTH_AND_COUNT + count * BYTES_PER_ID;
  return 1 + lengthSize(length) + length + VERSION_AND_CHECKSUM;
}

/**
 * Writes what DUMP would answer for a set of ids that Redis keeps as a packed array: type, size, width, count, and the ids
 * in ascending order, least byte first; then version and checksum. Redis copies it as it is, where SADD would read digits
 * and insert id by id. Ids are always written 8 bytes wide, as in a set that once held a large one.
 *
 * @param ids in ascending order, 8 bytes each, highest byte first
 * @param start where they begin in `ids`
 */
export function writeIntset(target: Buffer, at: number, ids: Buffer, start: number, count: number): void {
  const length = ID_WIDTH_AND_COUNT + count * BYTES_PER_ID;
  target[at] = SET_INTSET;
  let to = writeLength(target, at + 1, length);
  target.writeUInt32LE(BYTES_PER_ID, to);
  target.writeUInt32LE(count, to + 4);
  to += ID_WIDTH_AND_COUNT;
  const end = start + count * BYTES_PER_ID;
  for (let from = start; from < end; from += BYTES_PER_ID, to += BYTES_PER_ID) {
    target[to] = ids[from + 7]!;
    target[to + 1] = ids[from + 6]!;
    target[to + 2] = ids[from + 5]!;
    target[to + 3] = ids[from + 4]!;
    target[to + 4] = ids[from + 3]!;
    target[to + 5] = ids[from + 2]!;
    target[to + 6] = ids[from + 1]!;
    target[to + 7] = ids[from]!;
  }
  target.writeUInt16LE(RDB_VERSION, to);
  appendCrc64(target, at, to + 2);
}

/** A length is written in 6, 14 or 32 bits; the first two bits say in how many. */
const lengthSize = (length: number): number => (length < 1 << 6 ? 1 : length < 1 << 14 ? 2 : 5);

/** @returns where it ends */
function writeLength(target: Buffer, at: number, length: number): number {
  const size = lengthSize(length);
  if (size === 1) return target.writeUInt8(length, at);
  if (size === 2) return target.writeUInt16BE(0x4000 | length, at);
  return target.writeUInt32BE(length, target.writeUInt8(0x80, at));
}
