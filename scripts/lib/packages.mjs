import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { shareLock, withLock } from './lock.mjs';
import { root, runOrFail, say } from './project.mjs';

const lockFile = join(root, 'package-lock.json');
const stampFile = join(root, 'node_modules/.sluice-packages');
const platform = `${process.platform}-${process.arch}`;

/** Installs the packages of package-lock.json unless node_modules already holds exactly those, for this platform. */
export async function ensurePackages() {
  if (isFresh()) return;
  await withLock(async () => {
    if (isFresh() || adoptManualInstall()) return;
    say('Installing packages…');
    rmSync(stampFile, { force: true });
    const [file, ...args] = npmCommand();
    // The compiler and the test runner are development packages; NODE_ENV=production would leave them out.
    const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    await runOrFail('npm ci', file, [...args, ...flags], shareLock);
    writeStamp();
  });
}

function isFresh() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

function writeStamp() {
  writeFileSync(stampFile, stamp());
}

function stamp() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  return `${platform} ${hash}\n`;
}

/** Someone ran npm by hand: npm's own record of node_modules tells whether that was enough. */
function adoptManualInstall() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  if (existsSync(stampFile) && !readFileSync(stampFile, 'utf8').startsWith(`${platform} `)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  const complete = Object.entries(wanted).every(
    ([path, entry]) => path === '' || satisfies(existsSync(join(root, path)) && installed[path], entry),
  );
  if (complete) writeStamp();
  return complete;
}

function satisfies(installed, wanted) {
  if (installed) return installed.version === wanted.version;
  return Boolean(wanted.optional) && !fitsPlatform(wanted);
}

/** An optional package may be missing only where it could not run anyway. */
function fitsPlatform({ os, cpu, libc }) {
  if ((!os && !cpu) || libc) return false;
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
}

function npmCommand() {
  const script = process.env.npm_execpath;
  return script && basename(script) === 'npm-cli.js' ? [process.execPath, script] : ['npm'];
}
