import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedStackError } from './errors.js';
import { exists, makePrivateFolder, readTextOrNull, writePrivate } from './files.js';
import {
  commandLine,
  findByCommandLine,
  identify,
  runCommand,
  terminate,
  type ProcessIdentity,
} from './processes.js';
import type { ServerHome } from './server-home.js';

/** The superuser of the embedded Postgres, whom Sluice connects as. */
export const DATABASE_USER = 'sluice';

/** The file that `postgresql.conf` includes: ours, written anew at each start. */
export const SETTINGS_FILE = 'sluice.conf';

/** Where Postgres keeps its data. */
export function clusterDir(home: ServerHome): string {
  return join(home.dir, 'postgres');
}

/** What tells its processes from those of any other Postgres. */
export function clusterName(home: ServerHome): string {
  return `sluice-${createHash('sha256').update(clusterDir(home)).digest('hex').slice(0, 12)}`;
}

/** Creates the cluster unless it is there. Killed half-way, it leaves nothing that a later start would trust. */
export async function ensureCluster(home: ServerHome, password: string, durable: boolean): Promise<void> {
  const target = clusterDir(home);
  await removeUnfinished(home.dir);
  if (await exists(target)) return;
  const unfinished = join(home.dir, `postgres.new-${randomBytes(4).toString('hex')}`);
  await makePrivateFolder(unfinished, home.account);
  await initdb(home, unfinished, password, durable);
  await appendFile(join(unfinished, 'postgresql.conf'), `\ninclude_if_exists = '${SETTINGS_FILE}'\n`);
  await rename(unfinished, target);
}

/**
 * The postmaster that still runs on this cluster, left behind by an owner that was killed; null when none does.
 * The pid in its file alone proves nothing: it may belong to another program by now.
 */
export async function findPostmaster(home: ServerHome): Promise<ProcessIdentity | null> {
  const dir = clusterDir(home);
  const text = await readTextOrNull(join(dir, 'postmaster.pid'));
  const identity = text === null ? null : identify(Number.parseInt(text, 10));
  if (identity === null) return null;
  return `${commandLine(identity.pid)} `.includes(`/postgres -D ${dir} `) ? identity : null;
}

/**
 * Ends the children of a killed postmaster. Most notice its death and go; one in the middle of a long query does
 * not, and as long as it is there, no new postmaster may start.
 */
export async function endLeftoverChildren(home: ServerHome): Promise<void> {
  const children = findByCommandLine(`postgres: ${clusterName(home)}: `);
  await Promise.all(children.map((child) => terminate(child, 'SIGQUIT', 5_000)));
}

/**
 * Makes a lock file harmless that a killed postmaster left behind; call it once {@link findPostmaster} finds none.
 * Postgres refuses to start while the pid in it is taken, even by another program or by a zombie that nobody
 * reaps. The file cannot be deleted, since Postgres also reads from it which shared memory must be unused: so
 * the pid alone is replaced, by that of a process that has just ended.
 */
export async function disarmLockFile(home: ServerHome): Promise<void> {
  const path = join(clusterDir(home), 'postmaster.pid');
  const text = await readTextOrNull(path);
  if (text === null) return;
  const { pid } = spawnSync('true');
  await writePrivate(path, text.replace(/^\d+/, String(pid)), home.account);
}

async function initdb(home: ServerHome, dir: string, password: string, durable: boolean): Promise<void> {
  const passwordFile = join(dir, '..', `${randomBytes(4).toString('hex')}.pw`);
  await writePrivate(passwordFile, `${password}\n`, home.account);
  try {
    const identity = [`--username=${DATABASE_USER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    // The built-in provider sorts and folds case alike on every system, and needs no locale installed.
    const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
    const args = [`--pgdata=${dir}`, ...identity, ...locale, ...(durable ? [] : ['--no-sync'])];
    const { code, stdout, stderr } = await runCommand(home.binaries.initdb, args, home.account);
    if (code !== 0) throw new EmbeddedStackError('postgres-failed', `initdb failed:\n${stdout}${stderr}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function removeUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!/^postgres\.new-|\.pw$/.test(name)) continue;
    // An initdb that outlived its owner may still write there.
    await rm(join(home, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Writes the settings that the next start reads. */
export async function writeSettings(home: ServerHome, text: string): Promise<void> {
  await writePrivate(join(clusterDir(home), SETTINGS_FILE), text, home.account);
}
