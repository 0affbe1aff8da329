import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { HostileRequest } from './hostile-requests.js';

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** More than any honest answer to these requests has; what goes on (a stream) is cut off here. */
const MOST_BYTES = 2_000_000;

/** Sends requests as they are, without the tidying that `fetch` does. */
export class RawHttp {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 32 });
  private readonly address: { host: string; port: number };

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.address = { host: hostname, port: Number(port) };
  }

  send({ method, path, headers, body }: HostileRequest): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      let finish: (() => void) | undefined;
      const outgoing = request({ ...this.address, agent: this.agent, method, path, headers }, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        finish = () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: answer.statusCode!, headers: answer.headers, text });
        };
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > MOST_BYTES || answer.headers['content-type']?.startsWith('text/event-stream')) {
            answer.destroy();
            finish!();
          }
        });
        answer.on('end', finish);
        answer.on('error', finish);
      });
      // A server that has said no may close the connection before it has heard us out.
      outgoing.on('error', (error) => (finish ? finish() : reject(error)));
      outgoing.end(body);
    });
  }

  /** Writes bytes to a connection of their own and answers what comes back until the server closes it. */
  sendBytes(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(this.address.port, this.address.host, () => socket.write(bytes, 'latin1'));
      socket.setEncoding('utf8');
      socket.on('data', (part: string) => (text += part));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
