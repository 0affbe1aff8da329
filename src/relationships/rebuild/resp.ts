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

  /** Appends a range of another buffer as one bulk string. It is short: its length has one or two digits. */
  bulk(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.reserve(size + 7);
    const { buffer } = this;
    let at = this.length;
    buffer[at++] = 36;
    if (size >= 10) buffer[at++] = 48 + Math.floor(size / 10);
    buffer[at++] = 48 + (size % 10);
    buffer[at++] = 13;
    buffer[at++] = 10;
    for (let i = start; i < end; i++) buffer[at++] = source[i]!;
    buffer[at++] = 13;
    buffer[at++] = 10;
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
