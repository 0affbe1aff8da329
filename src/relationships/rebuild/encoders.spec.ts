import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MirrorKeys } from '../mirror/keys.js';
import { appendCrc64 } from './crc64.js';
import { intsetSize, writeIntset } from './intset.js';
import { endOfRows, RowEncoder } from './row-encoder.js';
import { endOfSets, SetEncoder } from './set-encoder.js';

const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
const keys = new MirrorKeys('p{}:');
const NAMES = ['following', 'noise', 'blocks', 'mutes'] as const;

/** Cuts text at any places, as a socket would. */
function cut(text: string, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let turn = 0;
  for (let at = 0; at < text.length;) {
    const size = sizes[turn++ % sizes.length]!;
    pieces.push(Buffer.from(text.slice(at, at + size)));
    at += size;
  }
  return pieces;
}

/** Reads commands from their wire format, which has to be exactly that of Redis; a byte a character. */
function decode(bytes: Buffer): string[][] {
  const commands: string[][] = [];
  const text = bytes.toString('latin1');
  let at = 0;
  const line = () => text.slice(at, (at = text.indexOf('\r\n', at) + 2) - 2);
  while (at < text.length) {
    const words = Number(line().slice(1));
    commands.push(
      Array.from({ length: words }, () => {
        const head = line();
        expect(head).toMatch(/^\$[1-9]\d*$/);
        const word = text.slice(at, at + Number(head.slice(1)));
        at += word.length + 2;
        return word;
      }),
    );
  }
  return commands;
}

interface Owner {
  owner: bigint;
  /** In ascending order. */
  subjects: { subject: bigint; kind: number }[];
}

const int = (bytes: number, value: bigint | number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer.subarray(8 - bytes);
};
const column = (bytes: Buffer): Buffer => Buffer.concat([int(4, bytes.length), bytes]);

/** What Postgres's COPY puts out in its binary format. */
function binaryRows(owners: readonly Owner[]): Buffer {
  const rows = owners.flatMap(({ owner, subjects }) => [
    int(2, 3),
    column(Buffer.from(`${owner}`)),
    column(Buffer.concat(subjects.map(({ subject }) => int(8, subject)))),
    column(Buffer.concat(subjects.map(({ kind }) => int(2, kind)))),
  ]);
  return Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8), ...rows, int(2, -1)]);
}

/** The ids of each set, as they are meant to be. */
function setsOf({ owner, subjects }: Owner): { key: string; ids: bigint[] }[] {
  return NAMES.map((name, index) => ({
    key: keys.set('e', `${owner}`, name),
    ids: subjects
      .filter(({ kind }) => (index === 0 ? kind <= 2 : kind === index + 1))
      .map(({ subject }) => subject),
  })).filter(({ ids }) => ids.length > 0);
}

function dumpOf(ids: readonly bigint[]): Buffer {
  const dump = Buffer.alloc(intsetSize(ids.length));
  writeIntset(dump, 0, Buffer.concat(ids.map((one) => int(8, one))), 0, ids.length);
  return dump;
}

const ascending = (subjects: Owner['subjects']) =>
  subjects.sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0));
const owners = fc.array(
  fc.record({
    owner: id,
    subjects: fc
      .uniqueArray(
        fc.record({ subject: fc.oneof(id, fc.bigInt(1n, 99n)), kind: fc.integer({ min: 1, max: 4 }) }),
        { minLength: 1, maxLength: 12, selector: ({ subject }) => subject },
      )
      .map(ascending),
  }),
  { maxLength: 8 },
);

const encode = (encoder: SetEncoder, output: Buffer) =>
  encoder.encode(output.subarray(0, endOfSets(output).bytes));

describe('SetEncoder', () => {
  it('restores sets that may be packed, and adds the members of larger ones', () => {
    fc.assert(
      fc.property(owners, fc.nat(13), (rows, largest) => {
        const encoder = new SetEncoder(keys, 'e', largest);
        const { bytes, commands } = encode(encoder, binaryRows(rows));
        const sets = rows.flatMap(setsOf);
        const expected = sets.map(({ key, ids }) =>
          ids.length <= largest
            ? ['RESTORE', key, '0', dumpOf(ids).toString('latin1')]
            : ['SADD', key, ...ids.map(String)],
        );
        expect(decode(bytes)).toEqual(expected);
        expect(commands).toBe(expected.length);
        const last = rows.at(-1)?.owner.toString();
        expect(endOfSets(binaryRows(rows), 97)).toMatchObject({ last, isPart: false });
        const large = sets.filter(({ ids }) => ids.length > largest);
        expect(encoder.added).toBe(large.flatMap(({ ids }) => ids).length);
        expect(encoder.edges).toBe(rows.flatMap(({ subjects }) => subjects).length);
        expect(encoder.owner).toBe(last ?? '');
      }),
    );
  });

  it('leaves out the last owner when there may be more of it', () => {
    const rows = [7n, 8n, 9n].map((owner) => ({
      owner,
      subjects: [1n, 2n].map((subject) => ({ subject, kind: 1 })),
    }));
    const output = binaryRows(rows);
    const end = endOfSets(output, 6);
    expect(end).toMatchObject({ last: '8', isPart: true });
    const encoder = new SetEncoder(keys, 'e', 0);
    const { bytes } = encoder.encode(output.subarray(0, end.bytes));
    expect(decode(bytes).map(([, key]) => key)).toEqual(
      ['7', '8'].map((owner) => keys.set('e', owner, 'following')),
    );
    expect([encoder.owner, encoder.edges]).toEqual(['8', 4]);
    expect(endOfSets(output, 7)).toMatchObject({ last: '9', isPart: false });
    expect(endOfSets(output, 2)).toMatchObject({ last: undefined, isPart: true });
  });

  it('cuts a large set into commands that Redis does not take long for', () => {
    const subjects = Array.from({ length: 2_500 }, (_, n) => ({ subject: 10n ** 18n + BigInt(n), kind: 1 }));
    const { bytes } = encode(new SetEncoder(keys, 'e', 512), binaryRows([{ owner: 7n, subjects }]));
    const commands = decode(bytes);
    expect(commands.map((command) => command.length - 2)).toEqual([1_000, 1_000, 500]);
    expect(commands.flatMap((command) => command.slice(2))).toEqual(
      subjects.map(({ subject }) => `${subject}`),
    );
  });

  it('refuses rows of another shape', () => {
    const rows = binaryRows([{ owner: 7n, subjects: [{ subject: 1n, kind: 1 }] }]);
    rows.writeInt16BE(4, 19);
    expect(() => encode(new SetEncoder(keys, 'e', 512), rows)).toThrow('a row of 4 columns');
  });
});

describe('the checksum of dumps', () => {
  it('is the CRC-64 of Jones', () => {
    // The check value of its catalogue entry (reveng: CRC-64/REDIS).
    const bytes = Buffer.concat([Buffer.from('123456789'), Buffer.alloc(8)]);
    appendCrc64(bytes, 0, 9);
    expect(bytes.readBigUInt64LE(9).toString(16)).toBe('e9c6d914c4b8d9ca');
  });
});

describe('RowEncoder', () => {
  it('makes a command of each row, wherever the rows are cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(id.map(String), fc.nat().map(String))), sizes, (rows, cuts) => {
        const encoder = new RowEncoder([
          'HSET',
          { before: 'k{', column: 0, after: '}:counts' },
          'followers',
          { column: 1 },
        ]);
        const pieces = cut(rows.map((row) => `${row.join('\t')}\n`).join(''), cuts);
        const encoded = pieces.map((piece) => encoder.encode(piece));
        expect(decode(Buffer.concat(encoded.map(({ bytes }) => bytes)))).toEqual(
          rows.map(([user, followers]) => ['HSET', `k{${user}}:counts`, 'followers', followers]),
        );
        expect(encoder.rows).toBe(rows.length);
        const whole = Buffer.concat(cut(rows.map((row) => `${row.join('\t')}\n`).join(''), [1_000]));
        expect(endOfRows(whole)).toEqual({
          last: rows.at(-1)?.[0],
          bytes: whole.length,
          isPart: rows.length > 0,
        });
      }),
    );
  });
});
