import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root, say } from './project.mjs';

const folder = join(root, '.data');
const path = join(folder, 'bootstrap.lock');

/**
 * Runs `work` while no other script of this project installs or builds. The lock names a process by pid and
 * start time, so what a killed script left behind, or a pid that was given out again, holds nobody up.
 */
export async function withLock(work) {
  mkdirSync(folder, { recursive: true });
  const token = `${process.pid} ${startMark(process.pid)}`;
  let told = false;
  while (!tryLock(token)) {
    if (!told) say('Waiting for another start of this project to finish installing or building…');
    told = true;
    await pause(200);
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** Keeps the lock held for as long as this command runs, even if the script is killed and leaves it behind. */
export function shareLock(pid) {
  appendFileSync(path, `\n${pid} ${startMark(pid)}`);
}

function tryLock(token) {
  const mine = `${path}.${process.pid}`;
  // A link appears together with its content: no one ever reads a lock that has no owner yet.
  writeFileSync(mine, token);
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    removeIfStale();
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function removeIfStale() {
  const seen = readOrNull(path);
  if (seen === null || isHeld(seen)) return;
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    // Someone else may have replaced the stale lock since it was read: theirs goes back.
    if (readOrNull(aside) !== seen) linkSync(aside, path);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function isHeld(content) {
  return content.split('\n').some((holder) => {
    const [pid, ...mark] = holder.split(' ');
    return startMark(Number(pid)) === mark.join(' ');
  });
}

/** When a process began, or null when it is gone (or only waits to be reaped). */
function startMark(pid) {
  if (existsSync('/proc/self/stat')) {
    const stat = readOrNull(`/proc/${pid}/stat`);
    const fields = stat === null ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.length === 0 || fields[0] === 'Z' ? null : fields[19];
  }
  try {
    const line = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return line.trim() || null;
  } catch {
    return null;
  }
}

function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
}
