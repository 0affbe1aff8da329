import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerAnswer, ServerOrder } from './server-main.js';

const MAIN = fileURLToPath(new URL('./server-main.js', import.meta.url));

/** What answers: our stack, or a bare server to hold it against. */
export type ServerKind = 'sluice' | 'fastify' | 'node';

export interface ServerProcessOptions {
  kind: ServerKind;
  /** The page that the bench-only routes answer from memory, as JSON. */
  page?: string;
  environment?: Record<string, string>;
}

/** A server in a process of its own, so that whoever asks it does not slow it down. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(options: ServerProcessOptions, nodeOptions: readonly string[]): Promise<ServerProcess> {
    const child = fork(MAIN, [], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...options.environment },
      execArgv: [...nodeOptions],
      // What it logs is written, as in production, but to nobody.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.send({ order: 'serve', kind: options.kind, page: options.page ?? '{}' } satisfies ServerOrder);
    const { url } = await answer(child);
    return new ServerProcess(child, url!);
  }

  /** Processor time that the process has used so far, in seconds. */
  async cpuSeconds(): Promise<number> {
    this.child.send({ order: 'cpu' } satisfies ServerOrder);
    return (await answer(this.child)).cpuSeconds!;
  }

  /** Lets it drain and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    if (this.child.connected) this.child.send({ order: 'stop' } satisfies ServerOrder);
    await gone;
  }
}

/** The next message; a server that ends instead has said on stderr why. */
function answer(child: ChildProcess): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`The server ended (${code}).`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as ServerAnswer);
    });
  });
}
