import type { EncodedCommands } from './mass-insertion.js';
import { command } from './resp.js';

/** Turns rows of Postgres's COPY text format, whose columns are numbers, into one command each. */
export class LineEncoder {
  /** Rows so far. */
  rows = 0;
  private rest = '';

  /** @param toCommand the words of the command for a row's columns */
  constructor(private readonly toCommand: (columns: string[]) => string[]) {}

  /** Takes the next piece of the rows. @returns the commands of the rows that it completed */
  encode(piece: Buffer): EncodedCommands {
    const lines = (this.rest + piece.toString('latin1')).split('\n');
    this.rest = lines.pop() ?? '';
    this.rows += lines.length;
    let text = '';
    for (const line of lines) text += command(...this.toCommand(line.split('\t')));
    return { bytes: Buffer.from(text, 'latin1'), commands: lines.length };
  }
}
