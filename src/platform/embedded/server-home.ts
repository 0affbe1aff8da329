import { createHash } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedStackError } from './errors.js';
import { exists } from './files.js';
import { canRun, copyBinaries, locateBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { runCommand, type Account } from './processes.js';

const RELOCATED = '/var/lib/sluice';

/** Where the servers of one data directory keep their files, and as whom they run (null: as we do). */
export interface ServerHome {
  dir: string;
  account: Account | null;
  binaries: PostgresBinaries;
}

/**
 * Decides where the servers live. Normally that is the data directory. Postgres refuses to run as root,
 * though, and the user that it runs as instead may be unable to reach a project under, say, /root: then its
 * programs, its data, or both are kept under /var/lib/sluice.
 * @param dataDir absolute, existing, without symbolic links
 */
export async function settleServerHome(dataDir: string, log: (line: string) => void): Promise<ServerHome> {
  const binaries = await locateBinaries();
  if (process.getuid?.() !== 0) {
    await canRun(binaries, null);
    return { dir: dataDir, account: null, binaries };
  }
  const elsewhere = join(RELOCATED, createHash('sha256').update(dataDir).digest('hex').slice(0, 12));
  const account = await serverAccount([dataDir, elsewhere]);
  const dir = await chooseFolder(dataDir, elsewhere, account);
  const runnable = await canRun(binaries, account);
  if (!runnable || dir === elsewhere) {
    await makeReachable(elsewhere);
    const what = [...(dir === elsewhere ? ['data'] : []), ...(runnable ? [] : ['programs'])].join(' and ');
    log(`User ${account.name} cannot reach this folder: the servers' ${what} are kept in ${elsewhere}`);
  }
  return { dir, account, binaries: runnable ? binaries : await copyBinaries(binaries, elsewhere, account) };
}

/** Data that exists stays where it is; new data goes into the data directory if `account` gets that far. */
async function chooseFolder(dataDir: string, elsewhere: string, account: Account): Promise<string> {
  await letPass(dataDir);
  const reachable = await canEnter(dataDir, account);
  if (await exists(join(dataDir, 'postgres'))) {
    if (reachable) return dataDir;
    throw new EmbeddedStackError(
      'data-dir-not-accessible',
      `User ${account.name}, who runs Postgres for root, cannot reach the data in ${dataDir}: ` +
        'open the folders above it (chmod o+x) or set SLUICE_DATA_DIR to another folder.',
    );
  }
  return reachable && !(await exists(join(elsewhere, 'postgres'))) ? dataDir : elsewhere;
}

/** Others may pass through the data directory (not list it): each file in it is protected by itself. */
async function letPass(dataDir: string): Promise<void> {
  const { mode } = await stat(dataDir);
  if ((mode & 0o111) !== 0o111) await chmod(dataDir, (mode & 0o777) | 0o111);
}

async function makeReachable(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await chmod(dirname(dir), 0o755);
  await chmod(dir, 0o711);
}

async function canEnter(dir: string, account: Account): Promise<boolean> {
  return (await runCommand('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], account)).code === 0;
}

/** Whoever owns the data already, so that a stack once started by an ordinary user still opens; else `postgres`. */
async function serverAccount(homes: string[]): Promise<Account> {
  for (const home of homes) {
    const owner = await stat(join(home, 'postgres')).catch(() => null);
    const account = owner && owner.uid !== 0 ? await findAccount(String(owner.uid)) : null;
    if (account) return account;
  }
  return (await findAccount('postgres')) ?? createAccount();
}

async function createAccount(): Promise<Account> {
  // Both may fail because the group is there already, or the program is not: only the outcome counts.
  await runCommand('groupadd', ['--system', 'postgres']).catch(() => null);
  const options = ['--system', '--gid', 'postgres', '--no-create-home', '--home-dir', '/nonexistent'];
  await runCommand('useradd', [...options, '--shell', '/usr/sbin/nologin', 'postgres']).catch(() => null);
  const account = await findAccount('postgres');
  if (account) return account;
  throw new EmbeddedStackError(
    'postgres-not-available',
    'Postgres does not run as root, and no user "postgres" could be created: start Sluice as an ordinary user.',
  );
}

async function findAccount(user: string): Promise<Account | null> {
  const [name, uid, gid] = await Promise.all(
    ['-nu', '-u', '-g'].map((flag) => runCommand('id', [flag, user])),
  );
  if (name?.code !== 0 || uid?.code !== 0 || gid?.code !== 0) return null;
  return { name: name.stdout.trim(), uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
