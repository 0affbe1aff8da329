/** CRC-64 of Jones with its bits reversed, in halves of 32 bits: what Redis checks a dump with (redis/src/crc64.c). */
const POLYNOMIAL = { low: 0xac4bc9b5 | 0, high: 0x95ac9329 | 0 };

/** Eight tables of 256 entries: what a byte adds that is followed by 0 to 7 others ("slicing by 8"). */
const LOW = new Int32Array(8 * 256);
const HIGH = new Int32Array(8 * 256);

for (let byte = 0; byte < 256; byte++) {
  let [low, high] = [byte, 0];
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) [low, high] = [low ^ POLYNOMIAL.low, high ^ POLYNOMIAL.high];
  }
  [LOW[byte], HIGH[byte]] = [low, high];
}
for (let entry = 256; entry < LOW.length; entry++) {
  const [low, high] = [LOW[entry - 256]!, HIGH[entry - 256]!];
  LOW[entry] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255]!;
  HIGH[entry] = (high >>> 8) ^ HIGH[low & 255]!;
}

/** Writes the checksum of the bytes from `start` to `end` right after them: 8 bytes, the lowest first. */
export function appendCrc64(bytes: Buffer, start: number, end: number): void {
  let low = 0;
  let high = 0;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const a = low ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    const b =
      high ^ (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24));
    const [a0, a1, a2, a3] = [
      0x700 | (a & 255),
      0x600 | ((a >>> 8) & 255),
      0x500 | ((a >>> 16) & 255),
      0x400 | (a >>> 24),
    ];
    const [b0, b1, b2, b3] = [
      0x300 | (b & 255),
      0x200 | ((b >>> 8) & 255),
      0x100 | ((b >>> 16) & 255),
      b >>> 24,
    ];
    low = LOW[a0]! ^ LOW[a1]! ^ LOW[a2]! ^ LOW[a3]! ^ LOW[b0]! ^ LOW[b1]! ^ LOW[b2]! ^ LOW[b3]!;
    high = HIGH[a0]! ^ HIGH[a1]! ^ HIGH[a2]! ^ HIGH[a3]! ^ HIGH[b0]! ^ HIGH[b1]! ^ HIGH[b2]! ^ HIGH[b3]!;
  }
  for (; at < end; at++) {
    const entry = (low ^ bytes[at]!) & 255;
    low = ((low >>> 8) | (high << 24)) ^ LOW[entry]!;
    high = (high >>> 8) ^ HIGH[entry]!;
  }
  bytes.writeInt32LE(low, end);
  bytes.writeInt32LE(high, end + 4);
}
