import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's own folder, wherever the script was started from. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Progress goes to stderr: the stdout of a command belongs to the command. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Ends the script with one line that says what to do. */
export function fail(line) {
  say(line);
  process.exit(1);
}

/** Makes the project the working directory and refuses a Node that is too old to run it. */
export function enterProject() {
  process.chdir(root);
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) fail(`Sluice needs Node 20 or newer; this is ${process.versions.node}.`);
}

/**
 * Runs a command silently. Resolves to its exit code and its output, in the order in which it came.
 * A signal that arrives meanwhile is passed on, and ends this script only after the command has ended,
 * so that nothing goes on working behind a lock that was released.
 * @param onStart told the command's pid once it runs
 */
export function run(file, args, onStart = () => undefined) {
  return new Promise((done) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid) onStart(child.pid);
    let output = '';
    let signalled = null;
    const forward = (signal) => {
      signalled = signal;
      child.kill(signal);
    };
    const finish = (code) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      if (signalled) process.exit(signalled === 'SIGINT' ? 130 : 143);
      done({ code, output });
    };
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => finish(((output += error.message), 127)));
    child.on('close', (code) => finish(code === null ? 1 : code));
  });
}

/** Like {@link run}, but a failure shows the end of the output and ends the script. */
export async function runOrFail(what, file, args, onStart) {
  const { code, output } = await run(file, args, onStart);
  if (code === 0) return;
  say(output.trimEnd().split('\n').slice(-60).join('\n'));
  fail(`${what} failed (exit code ${code}).`);
}
