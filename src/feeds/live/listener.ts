import { PassThrough } from 'node:stream';
import type { VerifiedViewer } from '../../platform/http/access.js';

/** So many bytes may lie ready for a client that does not read them. */
const MOST_BYTES = 256 * 1024;
/** How long a client has at the end to take what lies ready, in milliseconds; less than a process has to stop. */
const FAREWELL_MS = 3_000;
const RETRY_MS = 2_000;

/** One client's connection: what is sent to it, and how far it has come. */
export class Listener {
  /** What goes over the wire. */
  readonly body = new PassThrough({ highWaterMark: 16 * 1024 });
  /** Called when the client turns out to be too slow. */
  onOverflow: () => void = () => undefined;
  private isOver = false;

  /** @param position where the client goes on; undefined: from now on */
  constructor(
    readonly viewer: VerifiedViewer,
    public position: string | undefined,
  ) {
    this.body.on('error', () => undefined);
    this.body.write(`retry: ${RETRY_MS}\n\n`);
  }

  get ended(): boolean {
    return this.isOver || this.body.destroyed;
  }

  /** Sends an event. A client that is too slow is told so, and its connection ends behind it. */
  send(event: string, data: unknown, id?: string): void {
    this.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Shows that the connection is alive, and tells how far the client has come. */
  beat(): void {
    this.write(this.position === undefined ? ': alive\n\n' : `: alive\nid: ${this.position}\n\n`);
  }

  /** Ends the connection, whether or not the client takes what lies ready. */
  end(): void {
    if (this.ended) return;
    this.isOver = true;
    this.body.end();
    setTimeout(() => this.body.destroy(), FAREWELL_MS).unref();
  }

  private write(text: string): void {
    if (this.ended) return;
    this.body.write(text);
    if (this.body.writableLength + this.body.readableLength <= MOST_BYTES) return;
    this.body.write('event: overflow\ndata: {}\n\n');
    this.onOverflow();
    this.end();
  }
}
