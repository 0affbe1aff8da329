import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Activity, ActivityKind, Stream } from '../activities/activity.js';
import { Config } from '../platform/config/config.js';
import type { Id } from '../platform/ids/ids.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { LiveKeys } from './live-keys.js';
import { RedisRun } from './redis-run.js';

/** Something that came into one of somebody's streams. */
export interface LiveEntry {
  position: string;
  stream: Stream;
  activity: Activity;
}

/** A stretch of a log. */
export interface LiveStretch {
  /** Whether the entry behind which it was asked for is in the log, so that nothing is missing in between. */
  joins: boolean;
  /** Where the log ends now. */
  end: string;
  entries: LiveEntry[];
}

const SHARED = './live/tell.lua';
const listen = LuaScript.load<number>(import.meta.url, './live/listen.lua', SHARED);
const readLog = LuaScript.load<[string, string, string, number, ...string[]] | null>(
  import.meta.url,
  './live/read-log.lua',
);

/** How long a log is filled after its last client was there, in seconds. */
const KEPT_SECONDS = 600;
const POSITION = /^([\w-]{11})\.(\d{1,16}-\d{1,16})$/;

/**
 * What came into somebody's streams, kept from when a client begins to listen until some minutes after the last one
 * left. A position names an entry, and the log, which has another name once something may be missing in it.
 */
@Injectable()
export class LiveLog {
  private readonly keys: LiveKeys;

  constructor(
    config: Config,
    private readonly redis: GraphRedis,
    private readonly run: RedisRun,
  ) {
    this.keys = new LiveKeys(config.redis.prefix);
  }

  /** The channel on which it is told that something came. */
  channel(user: Id): string {
    return this.keys.log(user);
  }

  /** Has the log filled, for some minutes. */
  async keep(user: Id): Promise<void> {
    const args = [this.keys.root, user, randomUUID(), KEPT_SECONDS];
    await listen.run(this.redis.client, [this.keys.watching, this.keys.listening], args);
  }

  /** What came after a position, at most `limit`; undefined when there is no log. */
  async read(user: Id, after: string | undefined, limit: number): Promise<LiveStretch | undefined> {
    const [, name, entry = ''] = POSITION.exec(after ?? '') ?? [];
    const run = await this.run.of();
    const answer = await readLog.run(this.redis.client, [], [this.keys.root, user, entry, limit]);
    if (!answer || run === undefined) return undefined;
    const [era, given, last, isThere, ...found] = answer;
    const current = createHash('sha1').update([run, era, given].join()).digest('base64url').slice(0, 11);
    const joins = name === current && isThere === 1;
    const entries: LiveEntry[] = [];
    for (let i = 0; joins && i < found.length; i += 2)
      entries.push(entryOf(`${current}.${found[i]!}`, found[i + 1]!));
    return { joins, end: `${current}.${last}`, entries };
  }
}

function entryOf(position: string, text: string): LiveEntry {
  const [stream, kind, entryId, actorId, subjectId] = text.split(' ') as [Stream, ActivityKind, Id, Id, Id];
  return { position, stream, activity: { kind, entryId, actorId, subjectId } };
}
