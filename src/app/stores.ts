import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../platform/config/config.js';
import { ConfigError } from '../platform/config/environment.js';
import { EmbeddedStack, findRunningStack, type StackUrls } from '../platform/embedded/embedded-stack.js';

const URL_SETTINGS = ['DATABASE_URL', 'ACTIVITY_SHARD_URLS', 'REDIS_URL'] as const;
type Environment = Record<string, string | undefined>;

/** The configuration of this process, and the embedded stack that it runs on, where it started one. */
export interface Stores {
  config: Config;
  stack: EmbeddedStack | undefined;
  /** Whether the stores are embedded ones, of this process or of another. */
  embedded: boolean;
}

/**
 * Settles which stores to run on: those that the environment names, or, when it names none, the embedded stack.
 * @param attach uses the embedded stack of a running `npm start` where there is one, instead of refusing to start a second
 * @throws ConfigError when some of the URLs are set and others are not
 */
export async function openStores(source: Environment, { attach = false, log = noLog } = {}): Promise<Stores> {
  const set = URL_SETTINGS.filter((name) => source[name]);
  if (set.length === URL_SETTINGS.length)
    return { config: Config.from(source), stack: undefined, embedded: false };
  if (set.length > 0) {
    const missing = URL_SETTINGS.filter((name) => !source[name]);
    throw new ConfigError(
      `${missing.join(' and ')} must be set, because ${set.join(' and ')} ${set.length > 1 ? 'are' : 'is'}. ` +
        'Set all three to run on your own servers, or none to run on the embedded ones.',
    );
  }
  const dataDir = source.SLUICE_DATA_DIR || '.data';
  const running = attach ? await findRunningStack(dataDir) : null;
  const stack = running ? undefined : await EmbeddedStack.start({ dataDir, log });
  try {
    const config = Config.from(await embeddedEnvironment(source, dataDir, running ?? stack!.urls));
    return { config, stack, embedded: true };
  } catch (error) {
    await stack?.stop();
    throw error;
  }
}

/**
 * A text that is drawn once and kept in the data folder, readable by its owner alone.
 */
export async function keptSecret(dataDir: string, name: string, bytes: number): Promise<string> {
  const file = join(dataDir, name);
  try {
    return await readFile(file, 'utf8');
  } catch {
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, randomBytes(bytes).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch(
      () => undefined,
    );
    return readFile(file, 'utf8');
  }
}

/** A kept secret, where there is one. */
export async function knownSecret(dataDir: string, name: string): Promise<string | undefined> {
  return readFile(join(dataDir, name), 'utf8').catch(() => undefined);
}

async function embeddedEnvironment(
  source: Environment,
  dataDir: string,
  urls: StackUrls,
): Promise<Environment> {
  return {
    ...source,
    DATABASE_URL: urls.databaseUrl,
    ACTIVITY_SHARD_URLS: urls.shardUrls.join(','),
    REDIS_URL: urls.redisUrl,
    JWT_SECRET: source.JWT_SECRET || (await keptSecret(dataDir, 'jwt-secret', 32)),
  };
}

const noLog: (line: string) => void = () => undefined;
