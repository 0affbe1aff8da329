import { randomBytes } from 'node:crypto';
import { link, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivate, readTextOrNull, writePrivate } from './files.js';
import { EmbeddedStackError, hasCode } from './errors.js';
import { identify, isRunning, type ProcessIdentity } from './processes.js';

/** Where a running stack is reached. */
export interface StackUrls {
  databaseUrl: string;
  shardUrls: string[];
  redisUrl: string;
}

interface StackFile {
  owner: ProcessIdentity;
  urls: StackUrls;
}

/**
 * Exclusive ownership of a data directory by this process: `owner.json` while it is held, `stack.json` (the
 * URLs, with passwords, for its owner's eyes only) while the servers answer.
 */
export class Ownership {
  private constructor(
    private readonly dataDir: string,
    private readonly owner: ProcessIdentity,
  ) {}

  /** Takes the directory over. Throws `data-dir-in-use` when a living process holds it. */
  static async claim(dataDir: string): Promise<Ownership> {
    const owner = identify(process.pid)!;
    const path = ownerPath(dataDir);
    while (!(await createPrivate(path, JSON.stringify(owner)))) {
      const text = await readTextOrNull(path);
      if (text === null) continue;
      const holder = JSON.parse(text) as ProcessIdentity;
      if (isRunning(holder)) throw inUse(dataDir, holder.pid);
      await removeStale(path, text);
    }
    await rm(stackPath(dataDir), { force: true });
    return new Ownership(dataDir, owner);
  }

  /** Lets other processes of this user find the servers. */
  async publish(urls: StackUrls): Promise<void> {
    const content: StackFile = { owner: this.owner, urls };
    await writePrivate(stackPath(this.dataDir), JSON.stringify(content));
  }

  /** Hides the servers from other processes again. */
  async withdraw(): Promise<void> {
    await rm(stackPath(this.dataDir), { force: true });
  }

  /** Gives the directory free. */
  async release(): Promise<void> {
    await this.withdraw();
    await rm(ownerPath(this.dataDir), { force: true });
  }
}

/**
 * Finds the stack that another process (`npm start`) runs on this directory.
 * @returns its URLs; null when no stack runs there, whatever files a killed owner may have left.
 */
export async function findRunningStack(dataDir: string): Promise<StackUrls | null> {
  let text: string | null;
  try {
    text = await readTextOrNull(stackPath(dataDir));
  } catch (error) {
    if (!hasCode(error, 'EACCES')) throw error;
    throw new EmbeddedStackError(
      'data-dir-not-accessible',
      `The stack in ${dataDir} was started by another user.`,
    );
  }
  if (text === null) return null;
  const { owner, urls } = JSON.parse(text) as StackFile;
  return isRunning(owner) ? urls : null;
}

/** Two processes may find the same stale file; whoever moves the wrong one aside puts it back. */
async function removeStale(path: string, seen: string): Promise<void> {
  const aside = `${path}.stale-${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
    if ((await readTextOrNull(aside)) !== seen) await link(aside, path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EEXIST')) throw error;
  }
  await rm(aside, { force: true });
}

function inUse(dataDir: string, pid: number): EmbeddedStackError {
  return new EmbeddedStackError(
    'data-dir-in-use',
    `${dataDir} is in use by process ${pid}: stop it or set SLUICE_DATA_DIR to another folder.`,
  );
}

function ownerPath(dataDir: string): string {
  return join(dataDir, 'owner.json');
}

function stackPath(dataDir: string): string {
  return join(dataDir, 'stack.json');
}
