import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { ReplyCounter } from './reply-counter.js';

/** Bytes that are ready to be sent, and how many commands they hold. */
export interface EncodedCommands {
  bytes: Buffer;
  commands: number;
}

/** So much may wait in this process: enough to keep Redis busy while the next piece is made. */
const MOST_WAITING_BYTES = 1 << 20;

/**
 * Sends Redis commands as fast as the server takes them, without waiting for each answer, and counts the answers: what
 * `redis-cli --pipe` does (redis.io, "Bulk loading"). Only commands that answer an integer or OK.
 */
export class MassInsertion {
  /** Commands so far. */
  sent = 0;
  private readonly replies = new ReplyCounter();
  private readonly began = performance.now();
  private wake: () => void = () => undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly commandsPerSecond: number | undefined,
  ) {
    socket.on('data', (chunk) => {
      this.replies.read(chunk);
      this.wake();
    });
    socket.on('drain', () => this.wake());
    socket.on('close', () => this.wake());
    socket.on('error', () => undefined);
  }

  /**
   * @param url a Redis URL; user, password, database and TLS (`rediss:`) are honoured
   * @param commandsPerSecond holds the pace down to so many
   */
  static async open(url: string, commandsPerSecond?: number): Promise<MassInsertion> {
    const { protocol, hostname, port, username, password, pathname } = new URL(url);
    const target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
    const secure = protocol === 'rediss:';
    const socket = secure ? connectTls({ ...target, servername: target.host }) : connectTcp(target);
    socket.setNoDelay(true);
    await once(socket, secure ? 'secureConnect' : 'connect');
    const insertion = new MassInsertion(socket, commandsPerSecond);
    const credentials = [username || 'default', password].map(decodeURIComponent);
    if (password) await insertion.handshake(['AUTH', ...credentials]);
    if (pathname.length > 1) await insertion.handshake(['SELECT', pathname.slice(1)]);
    return insertion;
  }

  /** Sum of all integers that were answered; for SADD, how many members were new. */
  get sum(): number {
    return this.replies.sum;
  }

  /** Commands that were answered so far. @throws Error with the server's words when one was refused */
  get answered(): number {
    if (this.replies.error) throw new Error(`Redis refused a command: ${this.replies.error}`);
    return this.replies.count;
  }

  /** Sends commands; waits while the server does not keep up, or the pace is held down. */
  async send({ bytes, commands }: EncodedCommands): Promise<void> {
    if (commands === 0) return;
    if (this.socket.destroyed) throw broken();
    this.sent += commands;
    this.socket.write(bytes);
    while (this.socket.writableLength > MOST_WAITING_BYTES) await this.change();
    if (this.commandsPerSecond) {
      const ahead = this.sent / this.commandsPerSecond - (performance.now() - this.began) / 1_000;
      if (ahead > 0.01) await delay(ahead * 1_000);
    }
  }

  /** Waits until every command is answered. @throws Error with the server's words when one was refused */
  async settled(): Promise<void> {
    while (this.answered < this.sent) await this.change();
  }

  close(): void {
    this.socket.destroy();
  }

  private async handshake(command: string[]): Promise<void> {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    await this.send({ bytes: Buffer.from(`*${command.length}\r\n${parts.join('')}`), commands: 1 });
    await this.settled();
  }

  /** Waits until bytes were taken or answers came. @throws Error when the connection is gone */
  private async change(): Promise<void> {
    if (!this.socket.destroyed) await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.socket.destroyed) throw broken();
  }
}

const broken = (): Error =>
  Object.assign(new Error('The connection to Redis broke.'), { code: 'ECONNRESET' });
