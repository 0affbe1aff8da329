const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const LINE_FEED = 10;
const ZERO = 48;

/** Counts Redis's answers as they arrive in pieces, and adds up those that are integers. */
export class ReplyCounter {
  count = 0;
  sum = 0;
  /** The first refusal, in the server's words. */
  error: string | undefined;
  private type = 0;
  private number = 0;
  private text = '';

  /** Takes the next piece of the answers: lines of `+text`, `-text` or `:integer`. */
  read(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (this.type === 0) this.begin(byte);
      else if (byte === LINE_FEED) this.end();
      else if (this.type === MINUS) this.text += String.fromCharCode(byte);
      else if (this.type === COLON && byte >= ZERO) this.number = this.number * 10 + byte - ZERO;
    }
  }

  private begin(byte: number): void {
    if (byte !== PLUS && byte !== MINUS && byte !== COLON) {
      this.error ??= `an unexpected answer, beginning with ${String.fromCharCode(byte)}`;
    }
    this.type = byte;
    this.number = 0;
    this.text = '';
  }

  private end(): void {
    this.count++;
    this.sum += this.number;
    if (this.type === MINUS) this.error ??= this.text.trim();
    this.type = 0;
  }
}
