import type { MirrorKeys, MirrorSet } from '../mirror/keys.js';
import { intsetSize, writeIntset } from './intset.js';
import type { PieceEnd } from './copy-in-pieces.js';
import type { EncodedCommands } from './mass-insertion.js';
import { argument, RespBuffer } from './resp.js';

/** Signature, flags and the size of an extension that there is none of. */
const COPY_HEADER_BYTES = 19;
const END_OF_COPY = -1;
const COLUMNS = 3;
const BYTES_PER_ID = 8;
const BYTES_PER_KIND = 2;
/** A command with more members than this would hold Redis up for others. */
const MEMBERS_PER_COMMAND = 1_000;

/** Each set, and the kinds of relationships that it holds: 1 friend, 2 noise, 3 block, 4 mute. */
const SETS = [
  { name: 'following', from: 1, to: 2 },
  { name: 'noise', from: 2, to: 2 },
  { name: 'blocks', from: 3, to: 3 },
  { name: 'mutes', from: 4, to: 4 },
] as const satisfies { name: MirrorSet; from: number; to: number }[];

/** A row: where its columns begin, and how many relationships it has. */
interface Row {
  owner: number;
  ownerEnd: number;
  subjects: number;
  kinds: number;
  count: number;
  end: number;
}

/**
 * Turns rows of Postgres's binary COPY format (owner as text, subjects in ascending order 8 bytes each, their kinds 2 bytes
 * each) into commands that make the sets: RESTORE of a packed array, or SADD where a set is too large for one.
 */
export class SetEncoder {
  /** Relationships so far. */
  edges = 0;
  /** Members so far that SADD adds; somebody followed as noise is a member of two sets. */
  added = 0;
  /** The owner who was encoded last: everything of all up to here was. */
  owner = '';
  private readonly output = new RespBuffer();
  private readonly keys: { before: Buffer; after: Buffer }[];
  /** Members of a set that holds only some of a row. */
  private picked = Buffer.allocUnsafe(1 << 12);
  private commands = 0;

  /** @param largestIntset the most members that a set may have to be loaded as a packed array; 0 for none at all */
  constructor(
    keys: MirrorKeys,
    epoch: string,
    private readonly largestIntset: number,
  ) {
    this.keys = SETS.map(({ name }) => {
      const key = keys.set(epoch, '', name);
      const owner = key.lastIndexOf('{}') + 1;
      return { before: Buffer.from(key.slice(0, owner)), after: Buffer.from(`${key.slice(owner)}\r\n`) };
    });
  }

  /** @param rows from the head of a statement's output on, up to the end of a row */
  encode(rows: Buffer): EncodedCommands {
    for (let at = COPY_HEADER_BYTES; at < rows.length;) {
      const row = rowAt(rows, at);
      this.encodeRow(rows, row);
      at = row.end;
    }
    const { commands } = this;
    this.commands = 0;
    return { bytes: this.output.take(), commands };
  }

  private encodeRow(rows: Buffer, row: Row): void {
    const { owner, ownerEnd, subjects, kinds, count, end } = row;
    this.owner = rows.toString('latin1', owner, ownerEnd);
    this.edges += count;
    const ofKind = [0, 0, 0, 0, 0];
    for (let at = kinds + 1; at < end; at += BYTES_PER_KIND) ofKind[rows[at]!]!++;
    for (let set = 0; set < SETS.length; set++) {
      const { from, to } = SETS[set]!;
      let size = 0;
      for (let kind = from; kind <= to; kind++) size += ofKind[kind]!;
      if (size === count) this.encodeSet(set, rows, row, rows, subjects, size);
      else if (size > 0) this.encodeSet(set, rows, row, this.pick(rows, row, from, to), 0, size);
    }
  }

  /** @returns the subjects of some kinds, side by side */
  private pick(rows: Buffer, { subjects, kinds, count }: Row, from: number, to: number): Buffer {
    if (this.picked.length < count * BYTES_PER_ID) this.picked = Buffer.allocUnsafe(2 * count * BYTES_PER_ID);
    let end = 0;
    for (let i = 0; i < count; i++) {
      const kind = rows[kinds + i * BYTES_PER_KIND + 1]!;
      if (kind < from || kind > to) continue;
      const start = subjects + i * BYTES_PER_ID;
      end += rows.copy(this.picked, end, start, start + BYTES_PER_ID);
    }
    return this.picked;
  }

  private encodeSet(set: number, rows: Buffer, row: Row, ids: Buffer, start: number, count: number): void {
    if (count <= this.largestIntset) {
      this.output.ascii('*4\r\n$7\r\nRESTORE\r\n');
      this.key(set, rows, row);
      this.output.ascii('$1\r\n0\r\n');
      const size = intsetSize(count);
      this.output.bulkOf(size);
      const at = this.output.claim(size);
      writeIntset(this.output.bytes, at, ids, start, count);
      this.output.ascii('\r\n');
      this.commands++;
      return;
    }
    this.added += count;
    const end = start + count * BYTES_PER_ID;
    for (let from = start; from < end; from += MEMBERS_PER_COMMAND * BYTES_PER_ID) {
      const to = Math.min(end, from + MEMBERS_PER_COMMAND * BYTES_PER_ID);
      this.output.ascii(`*${(to - from) / BYTES_PER_ID + 2}\r\n$4\r\nSADD\r\n`);
      this.key(set, rows, row);
      for (let at = from; at < to; at += BYTES_PER_ID)
        this.output.ascii(argument(`${ids.readBigInt64BE(at)}`));
      this.commands++;
    }
  }

  private key(set: number, rows: Buffer, { owner, ownerEnd }: Row): void {
    const { before, after } = this.keys[set]!;
    this.output.bulkOf(before.length + ownerEnd - owner + after.length - 2);
    this.output.raw(before, 0, before.length);
    this.output.raw(rows, owner, ownerEnd);
    this.output.raw(after, 0, after.length);
  }
}

function rowAt(rows: Buffer, at: number): Row {
  const columns = rows.readInt16BE(at);
  if (columns !== COLUMNS) throw new Error(`Postgres sent a row of ${columns} columns.`);
  const owner = at + 6;
  const ownerEnd = owner + rows.readInt32BE(owner - 4);
  const subjects = ownerEnd + 4;
  const size = rows.readInt32BE(ownerEnd);
  const kinds = subjects + size + 4;
  const count = size / BYTES_PER_ID;
  return { owner, ownerEnd, subjects, kinds, count, end: kinds + count * BYTES_PER_KIND };
}

/**
 * Finds where the sets end that a statement's whole output has.
 * @param most how many relationships it was to give at most; when it gave as many, the last owner may have more of them,
 * and is left out
 */
export function endOfSets(rows: Buffer, most = Infinity): PieceEnd {
  let end = COPY_HEADER_BYTES;
  let last: Row | undefined;
  let seen = 0;
  while (rows.readInt16BE(end) !== END_OF_COPY) {
    const row = rowAt(rows, end);
    seen += row.count;
    if (seen >= most) break;
    last = row;
    end = row.end;
  }
  return {
    last: last && rows.toString('latin1', last.owner, last.ownerEnd),
    bytes: end,
    isPart: seen >= most,
  };
}
