import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SharedRead } from '../database/shared-read.js';
import { errorText } from '../error-text.js';
import { GraphRedis } from './redis.js';
import { LuaScript } from './script.js';

type Changes = [era: string, noted: string, isTold: 0 | 1, ...names: string[]];

const noteChanges = LuaScript.load<number>(import.meta.url, './note-changes.lua', './note.lua');
const readChanges = LuaScript.load<Changes>(import.meta.url, './read-changes.lua');

const NOTED_AT_A_TIME = 1_000;

/** Told what has changed; undefined when that may be anything. */
export type ChangeListener = (names: readonly string[] | undefined) => void;

/**
 * What changed lately, for processes that keep copies of what they have read. Whoever changes something notes it after the
 * commit; whoever is about to use a copy catches up first, with a question that all who ask at the same time share.
 */
@Injectable()
export class ChangeLog {
  private readonly logger = new Logger('ChangeLog');
  /** The keys of the log, for scripts that note what they change by themselves (`note.lua`). */
  readonly keys: readonly string[];
  private readonly listeners: ChangeListener[] = [];
  private readonly shared = new SharedRead(() => this.look());
  private era = '';
  private noted = '0';

  constructor(
    config: Config,
    private readonly redis: GraphRedis,
  ) {
    this.keys = ['state', 'names'].map((part) => `${config.redis.prefix}changes:${part}`);
    // A server that was restarted may have forgotten its last second, and what follows may be counted alike.
    redis.client.on('close', () => (this.era = ''));
  }

  /** Notes changes; to be called once they can be read by everybody. @throws when Redis is away */
  async note(names: readonly string[]): Promise<void> {
    for (let start = 0; start < names.length; start += NOTED_AT_A_TIME) {
      const some = names.slice(start, start + NOTED_AT_A_TIME);
      await noteChanges.run(this.redis.client, this.keys, [randomUUID(), ...some]);
    }
  }

  /** Has somebody told of what changed, each time somebody catches up. */
  listen(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  /** Tells the listeners of all that was noted before the call. @returns whether it could: not while Redis is away */
  catchUp(): Promise<boolean> {
    return this.shared.read();
  }

  private async look(): Promise<boolean> {
    const { era, noted } = this;
    let answer: Changes;
    try {
      answer = await readChanges.run(this.redis.client, this.keys, [randomUUID(), era, noted]);
    } catch (error) {
      this.logger.debug(`not caught up: ${errorText(error)}`);
      return false;
    }
    // The connection broke between the answer and now.
    if (this.era !== era) return false;
    const [newEra, newNoted, isTold, ...names] = answer;
    [this.era, this.noted] = [newEra, newNoted];
    if (isTold === 0 || names.length > 0)
      for (const listener of this.listeners) listener(isTold ? names : undefined);
    return true;
  }
}
