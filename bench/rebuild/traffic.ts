import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Id } from '../../src/platform/ids/ids.js';
import type { TrafficCount, TrafficOrder } from './traffic-main.js';

const MAIN = fileURLToPath(new URL('./traffic-main.js', import.meta.url));

/** A steady load on the graph, from a process of its own: what a rebuild does to it is not what this process does to itself. */
export class TrafficProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(
    environment: Record<string, string>,
    load: { kind: 'lookups' | 'writes'; perSecond: number; users: Id[] },
  ): Promise<TrafficProcess> {
    const child = fork(MAIN, [], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...environment },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    child.send({ order: 'begin', ...load } satisfies TrafficOrder);
    return new TrafficProcess(child);
  }

  /** What was done since the last count. */
  async count(): Promise<TrafficCount> {
    const answer = once(this.child, 'message');
    this.child.send({ order: 'count' } satisfies TrafficOrder);
    return (await answer)[0] as TrafficCount;
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.send({ order: 'stop' } satisfies TrafficOrder);
    await gone;
  }
}
