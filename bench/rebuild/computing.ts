import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';

/** Programs end by themselves, should nobody be there to end them. */
const programFor = (ms: number) => `const end = Date.now() + ${ms}; while (Date.now() < end);`;

/**
 * Does something while as many programs as there are processors do nothing but compute, without memory, disk or Redis: what
 * waits then, waits for a processor, and does beside everything else that keeps all of them busy.
 */
export async function besideComputing<Result>(ms: number, work: () => Promise<Result>): Promise<Result> {
  const programs: ChildProcess[] = cpus().map(() =>
    spawn(process.execPath, ['-e', programFor(2 * ms)], { env: {}, stdio: 'ignore' }),
  );
  const ends = programs.map((program) => once(program, 'exit'));
  try {
    return await work();
  } finally {
    for (const program of programs) program.kill('SIGKILL');
    await Promise.all(ends);
  }
}
