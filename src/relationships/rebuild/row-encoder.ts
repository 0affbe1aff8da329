import type { PieceEnd } from './copy-in-pieces.js';
import type { EncodedCommands } from './mass-insertion.js';
import { argument, RespBuffer } from './resp.js';

const TAB = 9;
const LINE_FEED = 10;
const ZERO = 48;
const NINE = 57;

/** A word of a command: itself, or what stands in a column between two texts. */
export type Word = string | { before?: string; column: number; after?: string };

/** Constant bytes, or a word with a column in it; `after` includes the end of the line. */
type Part = Buffer | { before: Buffer; column: number; after: Buffer };

/**
 * Turns rows of Postgres's COPY text format, whose columns are natural numbers, into one command each, byte by byte:
 * digits are copied, never parsed.
 */
export class RowEncoder {
  /** Rows so far. */
  rows = 0;
  private readonly parts: Part[];
  private readonly output = new RespBuffer();
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private rest = Buffer.alloc(0);

  /** @param words of the command; ASCII only */
  constructor(words: readonly Word[]) {
    this.parts = compile(words);
  }

  /** Takes the next piece of the rows. @returns the commands of the rows that it completed */
  encode(piece: Buffer): EncodedCommands {
    const chunk = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    const rowsBefore = this.rows;
    let row = 0;
    let start = 0;
    let column = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte >= ZERO && byte <= NINE) continue;
      this.starts[column] = start;
      this.ends[column++] = at;
      start = at + 1;
      if (byte !== LINE_FEED) continue;
      this.write(chunk);
      row = start;
      column = 0;
    }
    this.rest = Buffer.from(chunk.subarray(row));
    return { bytes: this.output.take(), commands: this.rows - rowsBefore };
  }

  private write(chunk: Buffer): void {
    this.rows++;
    for (const part of this.parts) {
      if (part instanceof Uint8Array) {
        this.output.raw(part, 0, part.length);
        continue;
      }
      const [start, end] = [this.starts[part.column]!, this.ends[part.column]!];
      this.output.bulkOf(part.before.length + end - start + part.after.length - 2);
      this.output.raw(part.before, 0, part.before.length);
      this.output.raw(chunk, start, end);
      this.output.raw(part.after, 0, part.after.length);
    }
  }
}

/** Finds where a statement's whole output ends, and the first column of its last row; after some rows, more may come. */
export function endOfRows(rows: Buffer): PieceEnd {
  if (rows.length === 0) return { last: undefined, bytes: 0, isPart: false };
  const start = rows.lastIndexOf(LINE_FEED, rows.length - 2) + 1;
  return { last: rows.toString('latin1', start, rows.indexOf(TAB, start)), bytes: rows.length, isPart: true };
}

/** Joins what is the same in all commands. */
function compile(words: readonly Word[]): Part[] {
  const parts: Part[] = [];
  let constant = `*${words.length}\r\n`;
  for (const word of words) {
    if (typeof word === 'string') {
      constant += argument(word);
      continue;
    }
    if (constant) parts.push(Buffer.from(constant, 'latin1'));
    const { before = '', column, after = '' } = word;
    parts.push({ before: Buffer.from(before), column, after: Buffer.from(`${after}\r\n`) });
    constant = '';
  }
  if (constant) parts.push(Buffer.from(constant, 'latin1'));
  return parts;
}
