import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

/** A request, and when it is to be sent, by `performance.now()`; at once when that is left out. */
export interface Due {
  request: Buffer;
  at?: number;
}

/**
 * One keep-alive connection that sends a request when the answer to the last one is complete. It reads no more of an
 * answer than its status and its length, so that asking costs a fraction of answering.
 */
export class HttpConnection {
  private left = 0;
  private sentAt = 0;
  private head = '';

  private constructor(
    private readonly socket: Socket,
    private readonly next: () => Due | undefined,
    private readonly onAnswer: (microseconds: number) => void,
    private readonly onEnd: (error?: Error) => void,
  ) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.onEnd(error));
    socket.on('close', () => this.onEnd(new Error('The server closed a connection.')));
  }

  /**
   * Sends requests until `next` has none left.
   * @param onAnswer told how long each answer took; one that could only be sent late counts from when it was due
   * @throws Error when the server closes the connection, or answers with anything but 204, or 200 and a stated length
   */
  static async run(
    url: URL,
    next: () => Due | undefined,
    onAnswer: (microseconds: number) => void,
  ): Promise<void> {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    try {
      await new Promise<void>((resolve, reject) => {
        const onEnd = (error?: Error) => (error ? reject(error) : resolve());
        const connection = new HttpConnection(socket, next, onAnswer, onEnd);
        socket.once('connect', () => connection.ask());
      });
    } finally {
      socket.destroy();
    }
  }

  private ask(): void {
    const due = this.next();
    if (!due) {
      this.onEnd();
      return;
    }
    const early = (due.at ?? 0) - performance.now();
    if (early > 0) setTimeout(() => this.send(due.request, performance.now()), early);
    else this.send(due.request, due.at ?? performance.now());
  }

  /** @param since from when on its answer is waited for */
  private send(request: Buffer, since: number): void {
    this.sentAt = since;
    this.socket.write(request);
  }

  private take(chunk: Buffer): void {
    if (this.left > 0) this.count(chunk.length);
    else this.begin(chunk.toString('latin1'));
  }

  private begin(text: string): void {
    this.head += text;
    const end = this.head.indexOf(HEAD_END);
    if (end < 0) return;
    const size = bodySize(this.head.slice(0, end));
    if (size === undefined) {
      this.onEnd(new Error(`Not a page: ${this.head.slice(0, 300)}`));
      return;
    }
    const begun = this.head.length - end - HEAD_END.length;
    this.head = '';
    this.left = size;
    this.count(begun);
  }

  private count(bytes: number): void {
    this.left -= bytes;
    if (this.left > 0) return;
    this.onAnswer((performance.now() - this.sentAt) * 1_000);
    this.ask();
  }
}

/** @returns undefined for an answer that is neither a 200 of a stated length nor a 204 */
function bodySize(head: string): number | undefined {
  if (head.startsWith('HTTP/1.1 204 ')) return 0;
  if (!head.startsWith('HTTP/1.1 200 ')) return undefined;
  const size = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  return size === undefined ? undefined : Number(size);
}
