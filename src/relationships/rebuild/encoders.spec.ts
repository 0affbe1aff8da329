import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MirrorKeys } from '../mirror/keys.js';
import { EdgeEncoder } from './edge-encoder.js';
import { RowEncoder } from './row-encoder.js';

const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);
const ids = fc.uniqueArray(fc.oneof(id, fc.nat(99).map(String)), { maxLength: 12 });
const keys = new MirrorKeys('p{}:');

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

/** Reads commands from their wire format, which has to be exactly that of Redis. */
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

describe('EdgeEncoder', () => {
  const owners = fc.array(fc.record({ owner: id, sets: fc.tuple(ids, ids, ids, ids) }), { maxLength: 8 });
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });

  it('makes the same commands of the rows, wherever they are cut', () => {
    fc.assert(
      fc.property(owners, sizes, (rows, cuts) => {
        const text = rows
          .map(({ owner, sets }) => `${[owner, ...sets.map((set) => set.join(',') || '\\N')].join('\t')}\n`)
          .join('');
        const encoder = new EdgeEncoder(keys, 'e');
        const encoded = cut(text, cuts).map((piece) => encoder.encode(piece));
        const names = ['following', 'noise', 'blocks', 'mutes'] as const;
        const expected = rows.flatMap(({ owner, sets }) =>
          sets.flatMap((set, index) =>
            set.length > 0 ? [['SADD', keys.set('e', owner, names[index]!), ...set]] : [],
          ),
        );
        expect(decode(Buffer.concat(encoded.map(({ bytes }) => bytes)))).toEqual(expected);
        expect(encoded.reduce((sum, { commands }) => sum + commands, 0)).toBe(expected.length);
        expect(encoder.members).toBe(rows.flatMap(({ sets }) => sets.flat()).length);
        expect(encoder.edges).toBe(rows.flatMap(({ sets: [f, , b, m] }) => [...f, ...b, ...m]).length);
        expect(encoder.completed).toBe(rows.at(-1)?.owner ?? '');
      }),
    );
  });

  it('cuts a large set into commands that Redis does not take long for', () => {
    const encoder = new EdgeEncoder(keys, 'e');
    const members = Array.from({ length: 2_500 }, (_, n) => String(10n ** 18n + BigInt(n)));
    const commands = decode(encoder.encode(Buffer.from(`7\t${members.join(',')}\t\\N\t\\N\t\\N\n`)).bytes);
    expect(commands.map((command) => command.length - 2)).toEqual([1_000, 1_000, 500]);
    expect(commands.flatMap((command) => command.slice(2))).toEqual(members);
  });
});

describe('RowEncoder', () => {
  it('makes a command of each row, wherever the rows are cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(id, fc.nat().map(String))), sizes, (rows, cuts) => {
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
      }),
    );
  });
});
