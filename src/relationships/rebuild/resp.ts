const ZERO = 48;
const NINE = 57;
const DOLLAR = 36;
const CR = 13;
const LF = 10;
const DIGITS_ROOM = 32;

/** A growing buffer of Redis commands in their wire format (RESP2). */
export class RespBuffer {
  private buffer: Buffer;
  length = 0;

  constructor(size = 1 << 17) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  /** Appends text that is ASCII. */
  ascii(text: string): void {
    this.reserve(text.length);
    this.length += this.buffer.write(text, this.length, 'latin1');
  }

  /**
   * Appends the digits that begin at `start` as one bulk string; there are at most 20, which is as long as 64 bits get.
   * @returns where they end; the source's length when they may go on in the next piece: nothing is appended then
   */
  digits(source: Uint8Array, start: number): number {
    this.reserve(DIGITS_ROOM);
    const { buffer } = this;
    const last = Math.min(source.length, start + 20);
    // Nearly every id has two digits' worth of length: they are copied while they are counted.
    let to = this.length + 5;
    let at = start;
    for (; at < last; at++) {
      const byte = source[at]!;
      if (byte < ZERO || byte > NINE) break;
      buffer[to++] = byte;
    }
    if (at === source.length) return at;
    const size = at - start;
    let head = this.length;
    buffer[head++] = DOLLAR;
    if (size >= 10) buffer[head++] = ZERO + Math.floor(size / 10);
    buffer[head++] = ZERO + (size % 10);
    buffer[head++] = CR;
    buffer[head++] = LF;
    if (size < 10) buffer.copyWithin(head, head + 1, to--);
    buffer[to++] = CR;
    buffer[to++] = LF;
    this.length = to;
    return at;
  }

  /** Appends what goes before a bulk string of so many bytes, fewer than 1,000. */
  bulkOf(size: number): void {
    this.reserve(DIGITS_ROOM);
    const { buffer } = this;
    let at = this.length;
    buffer[at++] = DOLLAR;
    if (size >= 100) buffer[at++] = ZERO + Math.floor(size / 100);
    if (size >= 10) buffer[at++] = ZERO + (Math.floor(size / 10) % 10);
    buffer[at++] = ZERO + (size % 10);
    buffer[at++] = CR;
    buffer[at++] = LF;
    this.length = at;
  }

  /** Appends a short range of another buffer as it is. */
  raw(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { buffer } = this;
    let at = this.length;
    for (let i = start; i < end; i++) buffer[at++] = source[i]!;
    this.length = at;
  }

  /** Appends what another one holds. */
  append(other: RespBuffer): void {
    this.reserve(other.length);
    other.buffer.copy(this.buffer, this.length, 0, other.length);
    this.length += other.length;
  }

  clear(): void {
    this.length = 0;
  }

  /** Hands over what it holds, as a copy, and is empty again. */
  take(): Buffer {
    const taken = Buffer.from(this.buffer.subarray(0, this.length));
    this.length = 0;
    return taken;
  }

  private reserve(size: number): void {
    if (this.length + size <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + size));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

/** One argument of a command, in wire format; ASCII only. */
export const argument = (text: string): string => `$${text.length}\r\n${text}\r\n`;

/** A whole command in wire format; ASCII only. */
export const command = (...parts: string[]): string => `*${parts.length}\r\n${parts.map(argument).join('')}`;
