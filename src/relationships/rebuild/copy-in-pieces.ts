import type pg from 'pg';
import pgCopy from 'pg-copy-streams';
import type { Id } from '../../platform/ids/ids.js';
import type { EncodedCommands } from './mass-insertion.js';

/** Where a piece ends. */
export interface PieceEnd {
  /** The last id that the piece has all rows of; undefined when there is none. */
  last: Id | undefined;
  /** Where the rows of that id end, in bytes. */
  bytes: number;
  /** Whether there may be more rows after them. */
  isPart: boolean;
}

/** A walk over a table in the order of ids, a statement for each piece. */
export interface Walk {
  /** The id that it begins after. */
  after: Id;
  /** Rows to ask for in a piece. */
  most: number;
  statement: (after: Id, most: number) => string;
  /** Finds the end of a piece of at most so many rows, fast. */
  endOf: (rows: Buffer, most: number) => PieceEnd;
  /** @param rows those up to the piece's end */
  encode: (rows: Buffer) => EncodedCommands;
  /** Whether Postgres works on the next piece while the one before is dealt with. */
  ahead: boolean;
}

/** Reads a table piece by piece. @returns the commands of each piece */
export async function* copyInPieces(client: pg.Client, walk: Walk): AsyncGenerator<EncodedCommands> {
  let { after, most } = walk;
  const read = (): Promise<Buffer> => {
    const reading = readCopy(client, walk.statement(after, most));
    // Whoever deals with the piece before may give up, and then nobody asks how this one ended.
    reading.catch(() => undefined);
    return reading;
  };
  for (let reading = read(); ;) {
    const rows = await reading;
    const { last, bytes, isPart } = walk.endOf(rows, most);
    // What one id alone has may be more than was asked for.
    most = last === undefined ? 2 * most : walk.most;
    after = last ?? after;
    if (isPart && walk.ahead) reading = read();
    yield walk.encode(rows.subarray(0, bytes));
    if (!isPart) return;
    if (!walk.ahead) reading = read();
  }
}

/** @returns all that a COPY statement puts out */
export async function readCopy(client: pg.Client, statement: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of client.query(pgCopy.to(statement))) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
