import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Client } from './client.js';

export interface SentEvent {
  event: string;
  id: string | undefined;
  // Whatever was sent; each expectation says what it expects there.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
}

/** A client that listens to `GET /v1/stream`. */
export class EventStream {
  readonly events: SentEvent[] = [];
  /** What it would send as Last-Event-ID. */
  lastId: string | undefined;
  ended = false;
  /** How often it was shown that the connection is alive. */
  beats = 0;
  private text = '';

  private constructor(
    private readonly outgoing: ClientRequest,
    private readonly answer: IncomingMessage,
    isRead: boolean,
  ) {
    answer.setEncoding('utf8');
    answer.on('error', () => undefined);
    answer.on('close', () => (this.ended = true));
    if (isRead) this.read();
  }

  /** @param isRead whether what comes is taken from the socket, or left there */
  static open(url: string, { token }: Client, lastId?: string, isRead = true): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      };
      const outgoing = request(new URL('/v1/stream', url), { headers, agent: false }, (answer) => {
        if (answer.statusCode === 200) resolve(new EventStream(outgoing, answer, isRead));
        else reject(new Error(String(answer.statusCode)));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  read(): void {
    this.answer.on('data', (text: string) => this.take(text));
  }

  close(): void {
    this.outgoing.destroy();
  }

  /** Data of the events of one kind. */
  of(event: string): SentEvent['data'][] {
    return this.events.filter((sent) => sent.event === event).map(({ data }) => data);
  }

  private take(text: string): void {
    const parts = (this.text + text).split('\n\n');
    this.text = parts.pop()!;
    for (const part of parts) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
      const id = field('id');
      if (id !== undefined) this.lastId = id;
      if (part.startsWith(': alive')) this.beats++;
      const event = field('event');
      if (event !== undefined) this.events.push({ event, id, data: JSON.parse(field('data')!) });
    }
  }
}
