import type { MirrorKeys, MirrorSet } from '../mirror/keys.js';
import type { EncodedCommands } from './mass-insertion.js';
import { argument, RespBuffer } from './resp.js';

const TAB = 9;
const LINE_FEED = 10;
const ZERO = 48;
const NINE = 57;

/** The sets in the order of their columns. */
const COLUMNS = ['following', 'noise', 'blocks', 'mutes'] as const satisfies MirrorSet[];
/** A command with more members than this would hold Redis up for others. */
const MEMBERS_PER_COMMAND = 1_000;

/**
 * Turns rows of Postgres's COPY text format (`owner TAB following TAB noise TAB blocks TAB mutes LF`, each with
 * commas in between, or `\N`) into SADD commands, byte by byte: a member's digits are copied, never parsed.
 */
export class EdgeEncoder {
  /** Relationships so far. */
  edges = 0;
  /** Members so far; somebody followed as noise is a member of two sets. */
  members = 0;
  /** The owner who was begun last: nothing was encoded of any above. */
  owner = '';
  /** The owner who was completed last: everything was encoded of all up to here. */
  completed = '';
  private readonly output = new RespBuffer();
  /** Members of the set at hand, in wire format. */
  private readonly open = new RespBuffer(1 << 15);
  private openMembers = 0;
  private column = 0;
  private rest = Buffer.alloc(0);
  private commands = 0;

  constructor(
    private readonly keys: MirrorKeys,
    private readonly epoch: string,
  ) {}

  /** Takes the next piece of the rows. @returns the commands that it gives */
  encode(piece: Buffer): EncodedCommands {
    const chunk = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    let at = 0;
    let start = 0;
    while (at < chunk.length) {
      const byte = chunk[at]!;
      if (byte >= ZERO && byte <= NINE) {
        at = this.column === 0 ? this.takeOwner(chunk, at) : this.takeMember(chunk, at);
        continue;
      }
      start = ++at;
      if (byte === TAB || byte === LINE_FEED) this.endColumn(byte === LINE_FEED);
    }
    this.rest = Buffer.from(chunk.subarray(start));
    const { commands } = this;
    this.commands = 0;
    return { bytes: this.output.take(), commands };
  }

  /** @returns where the owner's digits end, or the chunk's length when they may go on in the next one */
  private takeOwner(chunk: Buffer, start: number): number {
    const end = chunk.indexOf(TAB, start);
    if (end < 0) return chunk.length;
    this.owner = chunk.toString('latin1', start, end);
    return end;
  }

  /** @returns as `takeOwner` */
  private takeMember(chunk: Buffer, start: number): number {
    const end = this.open.digits(chunk, start);
    if (end < chunk.length && ++this.openMembers === MEMBERS_PER_COMMAND) this.flush();
    return end;
  }

  private endColumn(isLast: boolean): void {
    if (this.openMembers > 0) this.flush();
    this.column = isLast ? 0 : this.column + 1;
    if (isLast) this.completed = this.owner;
  }

  private flush(): void {
    const name = COLUMNS[this.column - 1]!;
    const key = this.keys.set(this.epoch, this.owner, name);
    this.output.ascii(`*${this.openMembers + 2}\r\n$4\r\nSADD\r\n${argument(key)}`);
    this.output.append(this.open);
    this.open.clear();
    this.members += this.openMembers;
    if (name !== 'noise') this.edges += this.openMembers;
    this.openMembers = 0;
    this.commands++;
  }
}
