import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChainableCommander, Redis } from 'ioredis';

/** A Lua script from a `.lua` file; its header states KEYS, ARGV and result. */
export class LuaScript<Result> {
  private readonly sha: string;

  private constructor(private readonly source: string) {
    this.sha = createHash('sha1').update(source).digest('hex');
  }

  /**
   * Loads the script in a file beside the module whose `import.meta.url` is given.
   * @param shared files of local functions that go before it
   */
  static load<Result>(moduleUrl: string, file: string, ...shared: string[]): LuaScript<Result> {
    const read = (name: string) => readFileSync(fileURLToPath(new URL(name, moduleUrl)), 'utf8');
    return new LuaScript([...shared, file].map(read).join('\n'));
  }

  /** Runs the script by its digest, and sends the source only to a server that does not know it yet. */
  run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Result> {
    const call = (command: string, script: string) =>
      redis.call(command, [script, keys.length, ...keys, ...args]) as Promise<Result>;
    return call('EVALSHA', this.sha).catch((error: unknown) => {
      if (!isUnknownScript(error)) throw error;
      return call('EVAL', this.source);
    });
  }

  /** Makes the script known, so that `queue` may be used on pipelines to this server. */
  async preload(redis: Redis): Promise<void> {
    await redis.script('LOAD', this.source);
  }

  /** Appends a call to a pipeline; a server that does not know the script answers this one call with NOSCRIPT. */
  queue(pipeline: ChainableCommander, keys: readonly string[], args: readonly (string | number)[]): void {
    pipeline.call('EVALSHA', [this.sha, keys.length, ...keys, ...args]);
  }
}

/** Whether an error says that the server does not hold a script (after a restart or `SCRIPT FLUSH`). */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
