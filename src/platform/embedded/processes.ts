import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from './errors.js';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  startMark: string;
}

/** Who runs a server when we are root. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

const hasProc = existsSync('/proc/self/stat');

/** The identity of a running process; null when there is none with this pid (or it only waits to be reaped). */
export function identify(pid: number): ProcessIdentity | null {
  const startMark = hasProc ? procStartMark(pid) : psStartMark(pid);
  return startMark === null ? null : { pid, startMark };
}

/** Whether this very process, not merely its pid, still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startMark === identity.startMark;
}

/** The command line of a process, its arguments joined by blanks; empty when there is no such process. */
export function commandLine(pid: number): string {
  if (!hasProc) return ps(pid, 'command=');
  return (readOrNull(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
}

/** Every process whose command line begins like this. */
export function findByCommandLine(prefix: string): ProcessIdentity[] {
  const pids = hasProc ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : psPids();
  const matching = pids.map(Number).filter((pid) => commandLine(pid).startsWith(prefix));
  return matching.flatMap((pid) => identify(pid) ?? []);
}

/**
 * Sends a signal and waits until the process is gone.
 * @param timeoutMs after this long the process is killed outright
 */
export async function terminate(identity: ProcessIdentity, signal: NodeJS.Signals, timeoutMs: number) {
  signalIfRunning(identity, signal);
  if (await until(() => !isRunning(identity), timeoutMs)) return;
  signalIfRunning(identity, 'SIGKILL');
  await until(() => !isRunning(identity), 10_000);
}

/** Polls a condition; false when it did not come true in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await pause(25);
  }
}

/**
 * Runs a program to its end, as `account` when given. The working directory is `/` and the environment is bare,
 * so that neither an unreadable folder nor a stray PGPORT of ours reaches it.
 * Rejects when the program cannot be started at all; any exit code resolves.
 */
export function runCommand(file: string, args: string[], account: Account | null = null) {
  return new Promise<CommandResult>((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: '/',
      env: bareEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    const result: CommandResult = { code: 1, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (result.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (result.stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...result, code: code ?? 1 }));
  });
}

/** What a server needs to see of our environment. Messages stay English: we read some of them. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' };
}

function signalIfRunning(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    if (isRunning(identity)) process.kill(identity.pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Boot id and field 22 of proc_pid_stat(5): ticks since boot, which alone could repeat after a reboot. */
function procStartMark(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const bootId = readOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return `${bootId}:${fields[19]}`;
}

function psStartMark(pid: number): string | null {
  if (ps(pid, 'stat=').startsWith('Z')) return null;
  return ps(pid, 'lstart=') || null;
}

function ps(pid: number, column: string): string {
  try {
    const args = ['-ww', '-o', column, '-p', String(pid)];
    return execFileSync('ps', args, { encoding: 'utf8', env: bareEnvironment() }).trim();
  } catch {
    // ps exits with 1 when there is no such process.
    return '';
  }
}

function psPids(): string[] {
  return execFileSync('ps', ['-axo', 'pid='], { encoding: 'utf8' }).trim().split(/\s+/);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}
