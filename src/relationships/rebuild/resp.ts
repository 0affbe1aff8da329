const ZERO = 48;
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

  /** Appends what goes before a bulk string of so many bytes. */
  bulkOf(size: number): void {
    if (size >= 1_000) {
      this.ascii(`$${size}\r\n`);
      return;
    }
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

  /** Makes room for so many bytes, to be written into `bytes`. @returns where they begin */
  claim(size: number): number {
    this.reserve(size);
    this.length += size;
    return this.length - size;
  }

  /** What it holds, and room behind; another buffer after each growth. */
  get bytes(): Buffer {
    return this.buffer;
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
