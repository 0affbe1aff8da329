import { randomBytes } from 'node:crypto';
import { appendFile, chmod, chown, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './errors.js';
import type { Account } from './processes.js';

/** A server's log starts anew once it has grown past this many bytes; the one before is kept as `.1`. */
const LOG_LIMIT = 16 * 1024 * 1024;

/** The servers' passwords, made once per data directory. */
export interface Secrets {
  postgresPassword: string;
  redisPassword: string;
}

/** Reads the passwords of a data directory, or makes them. */
export async function readOrCreateSecrets(dir: string): Promise<Secrets> {
  const path = join(dir, 'secrets.json');
  const known = await readTextOrNull(path);
  if (known !== null) return JSON.parse(known) as Secrets;
  const secrets = {
    postgresPassword: randomBytes(24).toString('hex'),
    redisPassword: randomBytes(24).toString('hex'),
  };
  await writePrivate(path, JSON.stringify(secrets));
  return secrets;
}

/** Writes a file that its owner alone may read, whole or not at all. */
export async function writePrivate(
  path: string,
  text: string,
  account: Account | null = null,
): Promise<void> {
  const temporary = await writeTemporary(path, text, account);
  await rename(temporary, path);
}

/** Like {@link writePrivate}, but false, and nothing written, when the file exists. */
export async function createPrivate(path: string, text: string): Promise<boolean> {
  const temporary = await writeTemporary(path, text, null);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes a folder that `account` alone may enter. */
export async function makePrivateFolder(path: string, account: Account | null): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o700);
  if (account) await chown(path, account.uid, account.gid);
}

/** Makes an empty log file if there is none, or if the old one grew too large. */
export async function prepareLog(path: string, account: Account | null): Promise<void> {
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  );
  if (size > LOG_LIMIT) await rename(path, `${path}.1`);
  await appendFile(path, '', { mode: 0o600 });
  if (account) await chown(path, account.uid, account.gid);
}

/** The last lines of a log, for an error message. */
export async function tail(path: string, lines = 8): Promise<string> {
  const text = (await readTextOrNull(path)) ?? '';
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** A file's text, or null when there is no such file. */
export async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Whether anything is there. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function writeTemporary(path: string, text: string, account: Account | null): Promise<string> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    if (account) await file.chown(account.uid, account.gid);
  } finally {
    await file.close();
  }
  return temporary;
}
