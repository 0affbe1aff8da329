import type { MirrorKeys, MirrorSet } from '../mirror/keys.js';
import type { EncodedCommands } from './mass-insertion.js';
import { argument, RespBuffer } from './resp.js';

const TAB = 9;
const LINE_FEED = 10;
const ZERO = 48;
const NOISE = 2;
const BLOCK = 3;
const MUTE = 4;

/** A set of the owner at hand: its members in wire format. */
interface OpenSet {
  name: MirrorSet;
  members: RespBuffer;
  size: number;
}

/**
 * Turns rows of Postgres's COPY text format (`owner TAB subject TAB kind LF`, an owner's rows side by side) into SADD
 * commands, byte by byte: a member's digits are copied, never parsed.
 */
export class EdgeEncoder {
  /** Rows so far. */
  rows = 0;
  /** Members so far; a noise row is a member of two sets. */
  members = 0;
  /** The owner of the last row; all owners below are encoded completely. */
  owner = '';
  private readonly sets: OpenSet[] = (['following', 'noise', 'blocks', 'mutes'] as const).map((name) => ({
    name,
    members: new RespBuffer(1 << 12),
    size: 0,
  }));
  private readonly output = new RespBuffer();
  private rest = Buffer.alloc(0);
  private ownerBytes: Buffer = Buffer.alloc(0);
  private commands = 0;

  constructor(
    private readonly keys: MirrorKeys,
    private readonly epoch: string,
  ) {}

  /** Takes the next piece of the rows. @returns the commands of the owners that it completed */
  encode(piece: Buffer): EncodedCommands {
    const chunk = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.row(chunk, start, end);
      start = end + 1;
    }
    this.rest = Buffer.from(chunk.subarray(start));
    return this.take();
  }

  /** @returns the commands of the last owner */
  finish(): EncodedCommands {
    this.flush();
    return this.take();
  }

  private row(chunk: Buffer, start: number, end: number): void {
    let ownerEnd = start;
    while (chunk[ownerEnd] !== TAB) ownerEnd++;
    const subjectEnd = end - 2;
    if (!this.isOwner(chunk, start, ownerEnd)) {
      this.flush();
      this.ownerBytes = Buffer.from(chunk.subarray(start, ownerEnd));
      this.owner = this.ownerBytes.toString('latin1');
    }
    this.rows++;
    const kind = chunk[end - 1]! - ZERO;
    const [following, noise, blocks, mutes] = this.sets as [OpenSet, OpenSet, OpenSet, OpenSet];
    if (kind === BLOCK) this.add(blocks, chunk, ownerEnd + 1, subjectEnd);
    else if (kind === MUTE) this.add(mutes, chunk, ownerEnd + 1, subjectEnd);
    else this.add(following, chunk, ownerEnd + 1, subjectEnd);
    if (kind === NOISE) this.add(noise, chunk, ownerEnd + 1, subjectEnd);
  }

  private isOwner(chunk: Buffer, start: number, end: number): boolean {
    const { ownerBytes } = this;
    if (ownerBytes.length !== end - start) return false;
    for (let i = ownerBytes.length - 1; i >= 0; i--) if (ownerBytes[i] !== chunk[start + i]) return false;
    return true;
  }

  private add(set: OpenSet, chunk: Buffer, start: number, end: number): void {
    set.members.bulk(chunk, start, end);
    set.size++;
  }

  private flush(): void {
    for (const set of this.sets) {
      if (set.size === 0) continue;
      const key = this.keys.set(this.epoch, this.owner, set.name);
      this.output.ascii(`*${set.size + 2}\r\n$4\r\nSADD\r\n${argument(key)}`);
      this.output.append(set.members);
      this.members += set.size;
      this.commands++;
      set.members.clear();
      set.size = 0;
    }
  }

  private take(): EncodedCommands {
    const { commands } = this;
    this.commands = 0;
    return { bytes: this.output.take(), commands };
  }
}
