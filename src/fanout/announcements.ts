import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { ActivityEvent, Recipient } from '../activities/activity.js';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { errorText } from '../platform/error-text.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { FollowedAmong } from '../relationships/followed-among.js';
import { announcementsLost } from './announcements-lost.js';
import { LiveKeys } from './live-keys.js';

const SHARED = './live/tell.lua';
const tellWatchers = LuaScript.load<number>(import.meta.url, './live/tell-watchers.lua', SHARED);
const tellFollowers = LuaScript.load<number>(import.meta.url, './live/tell-followers.lua', SHARED);
const markAuthor = LuaScript.load<number>(import.meta.url, './live/mark-author.lua', SHARED);

const USERS_PER_CALL = 1_000;
/** A loss that was recorded is not seen to for so long, in milliseconds; it stands for others of the first half of that. */
const LOSS_RESTS_MS = 2_000;

/**
 * Tells those who poll or listen of what came into their streams, after the rows are written and before the intent is
 * struck from the outbox: whoever reads before that finds it among the pending posts. May be repeated, and tells once.
 */
@Injectable()
export class Announcements {
  private readonly logger = new Logger('Announcements');
  private readonly keys: LiveKeys;
  private lostAt = -Infinity;

  constructor(
    config: Config,
    private readonly redis: GraphRedis,
    private readonly followed: FollowedAmong,
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
  ) {
    this.keys = new LiveKeys(config.redis.prefix);
  }

  /** Tells recipients of a row that they have now. */
  async tell(event: ActivityEvent, recipients: readonly Recipient[]): Promise<void> {
    const { kind, actorId, subjectId } = event;
    // A notification that is repeated has another place, and is the same.
    const entry = kind === 'post' ? subjectId : `${kind} ${subjectId} ${actorId}`;
    await this.orLost(async () => {
      for (const [stream, users] of byStream(recipients)) {
        for (let start = 0; start < users.length; start += USERS_PER_CALL) {
          const some = users.slice(start, start + USERS_PER_CALL);
          const args = [this.keys.root, stream, entry, `${stream} ${textOf(event)}`, ...some];
          await tellWatchers.run(this.redis.client, [this.keys.watching], args);
        }
      }
    });
  }

  /** Tells of a post by an author who is not written for each follower. */
  async tellFollowers(event: ActivityEvent): Promise<void> {
    const { root, listening } = this.keys;
    const { actorId, subjectId } = event;
    await this.orLost(async () => {
      await markAuthor.run(this.redis.client, [this.keys.author(actorId)], [subjectId]);
      for (let cursor = '0'; ;) {
        const [next, found] = await this.redis.client.zscan(listening, cursor, 'COUNT', USERS_PER_CALL);
        const users = found.filter((_, index) => index % 2 === 0);
        const { graph } = this.followed;
        const args = [root, graph.root, actorId, subjectId, textOf(event), ...users];
        if (users.length > 0) await tellFollowers.run(this.redis.client, [graph.epoch], args);
        if (next === '0') return;
        cursor = next;
      }
    });
  }

  /** Makes every tag and log worthless. */
  async renew(): Promise<void> {
    await this.redis.client.set(this.keys.era, randomUUID());
  }

  private async orLost(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.debug(`could not be told: ${errorText(error)}`);
      await this.recordLoss();
    }
  }

  private async recordLoss(): Promise<void> {
    const now = performance.now();
    if (now - this.lostAt < LOSS_RESTS_MS / 2) return;
    await this.primary.transaction((transaction) =>
      this.outbox.record(transaction, announcementsLost, {}, LOSS_RESTS_MS),
    );
    this.lostAt = now;
  }
}

/** An event as the logs have it, behind the stream. */
const textOf = ({ kind, entryId, actorId, subjectId }: ActivityEvent): string =>
  `${kind} ${entryId} ${actorId} ${subjectId}`;

function byStream(recipients: readonly Recipient[]): Map<string, Id[]> {
  const streams = new Map<string, Id[]>();
  for (const { id, stream } of recipients) {
    const users = streams.get(stream);
    if (users) users.push(id);
    else streams.set(stream, [id]);
  }
  return streams;
}
