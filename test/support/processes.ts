import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from './client.js';
import type { TestEnvironment } from './stores.js';

const ENTRIES = fileURLToPath(new URL('../../dist/src/', import.meta.url));

/** How a process ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** An entry point of the compiled product as a process of its own. `npm test` compiles it first. */
export class ProductProcess {
  stdout = '';
  stderr = '';
  /** Where it listens; empty until it is up. */
  url = '';
  readonly ended: Promise<Ending>;
  private readonly child: ChildProcess;

  private constructor(entry: string, environment: TestEnvironment, args: readonly string[]) {
    this.child = spawn(process.execPath, [`${ENTRIES}${entry}.js`, ...args], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Starts a server (`main` or `worker`) and waits until it says where it listens. */
  static async start(entry: 'main' | 'worker', environment: TestEnvironment): Promise<ProductProcess> {
    const started = new ProductProcess(entry, environment, []);
    started.url = await Promise.race([
      started.announced(),
      started.ended.then(({ code, signal }) => {
        throw new Error(`${entry} ended (${code ?? signal}) before it was up:\n${started.stderr}`);
      }),
    ]);
    return started;
  }

  /** Runs an entry point to its end. */
  static async run(
    entry: 'main' | 'worker' | 'cli',
    environment: TestEnvironment,
    args: readonly string[] = [],
  ): Promise<ProductProcess & Ending> {
    const run = ProductProcess.begin(entry, environment, args);
    return Object.assign(run, await run.ended);
  }

  /** Starts an entry point and leaves it running, wherever it is. */
  static begin(
    entry: 'main' | 'worker' | 'cli',
    environment: TestEnvironment,
    args: readonly string[] = [],
  ): ProductProcess {
    return new ProductProcess(entry, environment, args);
  }

  /** A client of this process. */
  client(token?: string, id?: string): Client {
    return new Client(this.url, token, id);
  }

  /** Makes an account through the API of this process. */
  async signUp(username: string): Promise<Client> {
    const account = { username, email: `${username}@example.org`, password: 'correct horse battery' };
    const { status, body } = await this.client().post('/v1/auth/signup', account);
    if (status !== 201) throw new Error(`signing up ${username}: ${status} ${JSON.stringify(body)}`);
    return this.client(body.accessToken, body.user.id);
  }

  /** What it has logged: one object a line. */
  logLines(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it in any case. May be called for one that has ended already. */
  async stop(): Promise<Ending> {
    this.kill('SIGKILL');
    return this.ended;
  }

  private announced(): Promise<string> {
    return new Promise((resolve) => {
      const look = () => {
        const url = /\bup(?:: |; health and metrics at )(http:\/\/\S+)/.exec(this.stderr)?.[1];
        if (url) resolve(url.replace('localhost', '127.0.0.1'));
      };
      this.child.stderr!.on('data', look);
    });
  }
}
