import { createHash, randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { errorText } from '../platform/error-text.js';
import type { Id } from '../platform/ids/ids.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { Revisions } from '../posts/revisions.js';
import { FollowedAmong } from '../relationships/followed-among.js';
import { GraphView } from '../users/graph-view.js';
import type { FollowKind } from '../users/user-view.js';
import { LiveKeys } from './live-keys.js';
import { type Pending, PendingPosts, pendingPostsBy } from './pending-posts.js';
import { PulledAuthors } from './pulled-authors.js';
import { RedisRun } from './redis-run.js';

const watch = LuaScript.load<[string, string, string, string, string, string, ...Id[]] | 0 | null>(
  import.meta.url,
  './live/watch.lua',
  './live/tell.lua',
);

/** How long what comes for somebody is kept in mind after they asked, in seconds. */
const WATCHED_SECONDS = 600;
/** Whoever polls must not fall asleep, or nothing would be written for them; a read is noted every twenty minutes. */
const LEAST_DORMANT_SECONDS = 2_400;

/** A feed as of a moment before it is read. */
export interface FeedLook {
  /** Undefined when there is nothing to rely on. */
  tag: string | undefined;
  /** Authors of pending posts whom the reader follows in this way. */
  pendingBy: readonly Id[];
  /** Pulled authors whom they follow in this way. */
  pulledBy: readonly Id[];
}

/**
 * Whether a feed has something new, by one call of a script, and a look into the outbox that all who ask at the same time
 * share. A tag changes with the reader's relationships; with each entry that was written for them; with each post that is
 * to be merged, because it is pending or its author is pulled; and when somebody whom they follow edits or deletes a post.
 */
@Injectable()
export class Freshness {
  private readonly logger = new Logger('Freshness');
  private readonly keys: LiveKeys;

  constructor(
    private readonly config: Config,
    private readonly redis: GraphRedis,
    private readonly run: RedisRun,
    private readonly graph: GraphView,
    private readonly followed: FollowedAmong,
    private readonly pending: PendingPosts,
    private readonly pulled: PulledAuthors,
    private readonly revisions: Revisions,
  ) {
    this.keys = new LiveKeys(config.redis.prefix);
  }

  /** The tag of a feed; undefined when there is nothing to rely on. */
  async tag(reader: Id, kind: FollowKind): Promise<string | undefined> {
    const [pending, pulled] = await Promise.all([this.pending.list(), this.pulled.list()]);
    return (await this.look(reader, kind, pending, pulled))?.tag;
  }

  /**
   * The tag of a feed, and whose posts are to be merged with its rows. To be asked for before these are read.
   * @returns undefined when there is nothing to rely on
   */
  async look(
    reader: Id,
    kind: FollowKind,
    pending: Pending,
    pulled: readonly Id[],
  ): Promise<FeedLook | undefined> {
    if (this.config.feeds.dormantAfterSeconds < LEAST_DORMANT_SECONDS) return undefined;
    const run = await this.run.of();
    const answer = await this.ask(reader, kind, pending.authors, pulled).catch((error: unknown) => {
      this.logger.debug(`no tag: ${errorText(error)}`);
    });
    if (answer === null) this.load(reader);
    if (!answer) return undefined;
    const [era, mark, version, revised, authors, pulledBy, ...entries] = answer;
    const pendingBy = idsOf(authors);
    const look: FeedLook = { tag: undefined, pendingBy, pulledBy: idsOf(pulledBy) };
    if (run === undefined || !pending.all || !pending.told) return look;
    const onTheirWay = pendingPostsBy(pending, pendingBy).map(({ id }) => id);
    const posts = [...new Set([...entries, ...onTheirWay])].sort();
    look.tag = createHash('sha1')
      .update([kind, run, era, mark, version, revised, ...posts].join())
      .digest('base64url');
    return look;
  }

  private async ask(reader: Id, kind: FollowKind, pending: readonly Id[], pulled: readonly Id[]) {
    const first = await this.followed.place(pending);
    const second = await this.followed.place(pulled);
    const { graph } = this.followed;
    const answer = await watch.run(
      this.redis.client,
      [graph.epoch, this.keys.watching, this.revisions.key],
      [
        this.keys.root,
        graph.root,
        reader,
        kind,
        randomUUID(),
        WATCHED_SECONDS,
        first.key,
        second.key,
        first.given.length,
        ...first.given,
        ...second.given,
      ],
    );
    if (answer === 0) for (const { key } of [first, second]) this.followed.forget(key);
    return answer === 0 ? undefined : answer;
  }

  /** Has the mirror take in somebody whom it does not have; a newcomer, mostly. */
  private load(reader: Id): void {
    this.graph.facts(reader, [reader]).catch((error: unknown) => {
      this.logger.debug(`not loaded: ${errorText(error)}`);
    });
  }
}

/** Ids that are joined by blanks. */
const idsOf = (text: string): readonly Id[] => (text === '' ? [] : text.split(' '));
