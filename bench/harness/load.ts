import { createHistogram } from 'node:perf_hooks';
import { type Due, HttpConnection } from './http-connection.js';

export interface Load {
  /** Where to send them; only its host and port count. */
  url: string;
  /** Whole requests, taken in turn by whichever connection is free. */
  requests: readonly Buffer[];
  connections: number;
  seconds: number;
  /** Sends so many at even distances, whether or not earlier ones are answered; otherwise as many as are answered. */
  perSecond?: number;
}

export interface LoadResult {
  answers: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** The share of one core that asking took: near 1, it is the generator that was measured. */
  generatorLoad: number;
}

/** A GET as it goes over the wire. */
export function getRequest(path: string, token?: string): Buffer {
  const authorization = token ? `authorization: Bearer ${token}\r\n` : '';
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: bench\r\n${authorization}\r\n`, 'latin1');
}

/**
 * Keeps a number of connections busy for some seconds, each with one request at a time.
 * @throws Error at the first answer that is neither a 200 nor a 204
 */
export async function generateLoad({
  url,
  requests,
  connections,
  seconds,
  perSecond,
}: Load): Promise<LoadResult> {
  const latencies = createHistogram();
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const deadline = began + seconds * 1_000;
  let turn = 0;
  let answers = 0;
  const next = (): Due | undefined => {
    const request = requests[turn % requests.length]!;
    const at = perSecond === undefined ? undefined : began + (turn * 1_000) / perSecond;
    turn++;
    if ((at ?? performance.now()) >= deadline) return undefined;
    return at === undefined ? { request } : { request, at };
  };
  const onAnswer = (microseconds: number) => {
    answers++;
    latencies.record(Math.max(1, Math.round(microseconds)));
  };
  const target = new URL(url);
  await Promise.all(Array.from({ length: connections }, () => HttpConnection.run(target, next, onAnswer)));
  const elapsed = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    answers,
    perSecond: answers / elapsed,
    p50Ms: latencies.percentile(50) / 1_000,
    p99Ms: latencies.percentile(99) / 1_000,
    generatorLoad: (user + system) / 1e6 / elapsed,
  };
}

/** Something that load is put on. */
export type Target = Omit<Load, 'seconds'>;

/**
 * Measures targets in turn, round by round, so that whatever else the machine does meets all of them alike.
 * Each target is warmed up first.
 * @returns the results of the rounds, by target
 */
export async function measureInTurn<Name extends string>(
  targets: Record<Name, Target>,
  { rounds, seconds, warmUpSeconds }: { rounds: number; seconds: number; warmUpSeconds: number },
  say: (line: string) => void,
): Promise<Record<Name, LoadResult[]>> {
  const names = Object.keys(targets) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    LoadResult[]
  >;
  // Twice: what was compiled for the first target is compiled anew once the last one has come.
  for (let time = 0; time < 2; time++)
    for (const name of names) await generateLoad({ ...targets[name], seconds: warmUpSeconds / 2 });
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) results[name].push(await generateLoad({ ...targets[name], seconds }));
    const figures = names.map((name) => `${name} ${Math.round(results[name].at(-1)!.perSecond)}/s`);
    say(`round ${round} of ${rounds}: ${figures.join(', ')}`);
  }
  return results;
}
