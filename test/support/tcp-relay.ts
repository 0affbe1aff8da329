import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A connection that a client has opened, and what has come from it so far. */
interface Passage {
  client: Socket;
  server: Socket;
  isHeld: boolean;
  heard: Buffer[];
}

/** Stands before a server, and forwards nothing any more, or breaks off, when a test says so: a network that fails. */
export class TcpRelay {
  private readonly passages = new Set<Passage>();
  private holdsNew = false;
  /** Whether clients do not hear of it when the server closes a connection. */
  hidesEnds = false;

  private constructor(
    private readonly listener: Server,
    /** The server's URL, with the relay's address in it. */
    readonly url: string,
  ) {}

  /** @param url of a server on this machine */
  static async start(url: string): Promise<TcpRelay> {
    const target = new URL(url);
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const through = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
    const relay = new TcpRelay(listener, through);
    listener.on('connection', (client) => relay.pass(client, Number(target.port), target.hostname));
    return relay;
  }

  /** What clients have sent over connections on which nothing is forwarded. */
  get held(): string {
    const held = [...this.passages].filter(({ isHeld }) => isHeld);
    return Buffer.concat(held.flatMap(({ heard }) => heard)).toString('latin1');
  }

  /** Forwards nothing any more on the connections there are, in either direction, not even their end. */
  hold(): void {
    for (const passage of this.passages) passage.isHeld = true;
  }

  /** The same for connections that are opened from now on. */
  holdNew(): void {
    this.holdsNew = true;
  }

  /** Forwards everything, also what was held back. */
  release(): void {
    this.holdsNew = false;
    this.hidesEnds = false;
    for (const passage of this.passages) {
      passage.isHeld = false;
      for (const part of passage.heard.splice(0)) passage.server.write(part);
      passage.server.resume();
      if (passage.server.destroyed) passage.client.destroy();
    }
  }

  /** Breaks off every connection. */
  cut(): void {
    for (const { client, server } of this.passages) {
      client.destroy();
      server.destroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private pass(client: Socket, port: number, host: string): void {
    const server = connect(port, host);
    const passage: Passage = { client, server, isHeld: this.holdsNew, heard: [] };
    this.passages.add(passage);
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.on('data', (data) => {
      if (passage.isHeld) passage.heard.push(data);
      else server.write(data);
    });
    server.on('data', (data) => {
      if (!passage.isHeld) client.write(data);
      else {
        server.pause();
        server.unshift(data);
      }
    });
    server.on('close', () => {
      if (!passage.isHeld && !this.hidesEnds) client.destroy();
    });
    client.on('close', () => {
      server.destroy();
      this.passages.delete(passage);
    });
  }
}
