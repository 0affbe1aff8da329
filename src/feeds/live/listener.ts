import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { VerifiedViewer } from '../../platform/http/access.js';

/** So many bytes may lie ready for a client; more is made only when it has taken these. */
const MOST_BYTES = 16 * 1024;
/** How long a client may leave them there, in milliseconds. */
const PATIENCE_MS = 10_000;
/** How long a client has at the end to take what lies ready, in milliseconds; less than a process has to stop. */
const FAREWELL_MS = 3_000;
const RETRY_MS = 2_000;

/** One client's connection: what is sent to it, and how far it has come. */
export class Listener {
  /** What goes over the wire. */
  readonly body = new PassThrough({ highWaterMark: MOST_BYTES });
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

  /**
   * Sends an event, and waits until there is room for the next. A client that makes none in time is told that it is too
   * slow, and its connection ends behind that.
   */
  async send(event: string, data: unknown, id?: string): Promise<void> {
    if (this.ended) return;
    this.position = id ?? this.position;
    const text = `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
    if (this.body.write(text)) return;
    await once(this.body, 'drain', { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => this.cutOff());
  }

  /** Shows that the connection is alive, and tells how far the client has come; one that has something to take needs no sign. */
  beat(): void {
    if (this.ended || this.body.writableNeedDrain) return;
    this.body.write(this.position === undefined ? ': alive\n\n' : `: alive\nid: ${this.position}\n\n`);
  }

  /** Ends the connection, whether or not the client takes what lies ready. */
  end(): void {
    if (this.ended) return;
    this.isOver = true;
    this.body.end();
    setTimeout(() => this.body.destroy(), FAREWELL_MS).unref();
  }

  private cutOff(): void {
    if (this.ended) return;
    this.body.write('event: overflow\ndata: {}\n\n');
    this.onOverflow();
    this.end();
  }
}
