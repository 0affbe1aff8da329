import { createHash, randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { errorText } from '../platform/error-text.js';
import { compareIds, type Id } from '../platform/ids/ids.js';
import { GatheredCalls } from '../platform/redis/gathered-calls.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { Revisions } from '../posts/revisions.js';
import type { TimelinePost } from '../posts/timeline-store.js';
import { FollowedAmong } from '../relationships/followed-among.js';
import { GraphView } from '../users/graph-view.js';
import type { FollowKind } from '../users/user-view.js';
import { LiveKeys } from './live-keys.js';
import { newest } from './newest.js';
import { type Pending, PendingPosts, pendingPostsBy } from './pending-posts.js';
import { PulledAuthors } from './pulled-authors.js';
import { RedisRun } from './redis-run.js';

type Watched = [mark: string, version: string, revised: string, pendingBy: string, pulledBy: string, ...Id[]];
type Answers = [era: string, ...(Watched | null)[]];

const watch = LuaScript.load<Answers | 0 | null>(import.meta.url, './live/watch.lua', './live/tell.lua');

/** How long what comes for somebody is kept in mind after they asked, in seconds. */
const WATCHED_SECONDS = 600;
/** Whoever polls must not fall asleep, or nothing would be written for them; a read is noted every twenty minutes. */
const LEAST_DORMANT_SECONDS = 2_400;
/** So many feeds are looked at by one call, which takes Redis some 0.5 ms. */
const MOST_TOGETHER = 24;

const NOBODY: readonly Id[] = [];

interface Question {
  reader: Id;
  kind: FollowKind;
  /** Authors of pending posts, unless it is known otherwise whom of them the reader follows. */
  pending: readonly Id[];
  pulled: readonly Id[];
}

/** What is known of a feed, and in which era; null where the mirror does not have the reader. */
interface Found {
  era: string;
  watched: Watched | null;
}

/** A feed as of a moment before it is read. */
export interface FeedLook {
  /** Undefined when there is nothing to rely on. */
  tag: string | undefined;
  /** The version of the reader's relationships of which the mirror answered. */
  version: string;
  /** Pending posts by authors whom the reader follows in this way, newest first. */
  onTheirWay: readonly TimelinePost[];
  /** Pulled authors whom they follow in this way. */
  pulledBy: readonly Id[];
}

/**
 * Whether a feed has something new, by one call of a script, and a look into the outbox, both of which all who ask at the same
 * time share. A tag changes with the reader's relationships; with each entry that was written for them; with each post that is
 * to be merged, because it is pending or its author is pulled; and when somebody whom they follow edits or deletes a post.
 */
@Injectable()
export class Freshness {
  private readonly logger = new Logger('Freshness');
  private readonly keys: LiveKeys;
  private readonly questions = new GatheredCalls<Question, Found | undefined>({
    call: (questions) => this.ask(questions),
    mostWeight: MOST_TOGETHER,
  });

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
    return (await this.look(reader, kind, pending, pulled, { copies: false }))?.tag;
  }

  /**
   * The tag of a feed, and whose posts are to be merged with its rows. To be asked for before these are read.
   * @param options whether a copy of the reader's relationships may do, if there is one: to catch up with what changed in it is one
   *   more question to Redis, if one that is shared
   * @returns undefined when there is nothing to rely on
   */
  async look(
    reader: Id,
    kind: FollowKind,
    pending: Pending,
    pulled: readonly Id[],
    { copies } = { copies: true },
  ): Promise<FeedLook | undefined> {
    if (this.config.feeds.dormantAfterSeconds < LEAST_DORMANT_SECONDS) return undefined;
    const run = await this.run.of();
    const atHand = copies ? this.followed.findAtHand(reader, kind, pending.authors) : undefined;
    const question = { reader, kind, pending: atHand ? NOBODY : pending.authors, pulled };
    const asked = this.questions.ask(question).catch((error: unknown) => {
      this.logger.debug(`no tag: ${errorText(error)}`);
    });
    const [found, followed] = await Promise.all([asked, atHand]);
    if (!found) return undefined;
    if (!found.watched) {
      this.load(reader);
      return undefined;
    }
    const [mark, version, revised, authors, pulledBy, ...entries] = found.watched;
    const onTheirWay = pendingPostsBy(pending, followed ?? idsOf(authors));
    const look: FeedLook = { tag: undefined, version, onTheirWay, pulledBy: idsOf(pulledBy) };
    if (run === undefined || !pending.all || !pending.told) return look;
    const told = [...new Set(entries)].sort((a, b) => compareIds(b, a));
    const posts = newest([told, onTheirWay.map(({ id }) => id)], (id) => id, Infinity);
    look.tag = createHash('sha1')
      .update([kind, run, found.era, mark, version, revised, ...posts].join())
      .digest('base64url');
    return look;
  }

  /** Those who ask at the same time mostly ask about the same authors. */
  private async ask(questions: readonly Question[]): Promise<(Found | undefined)[]> {
    const groups: Question[][] = [];
    for (const question of questions) {
      const group = groups.find(([first]) => isAlike(first!, question));
      if (group) group.push(question);
      else groups.push([question]);
    }
    const found = new Map<Question, Found | undefined>();
    const asked = groups.map(async (group) => {
      const answers = await this.askAlike(group[0]!, group);
      for (const [index, question] of group.entries()) found.set(question, answers[index]);
    });
    await Promise.all(asked);
    return questions.map((question) => found.get(question));
  }

  private async askAlike(
    { pending, pulled }: Question,
    questions: readonly Question[],
  ): Promise<(Found | undefined)[]> {
    const { graph } = this.followed;
    const places = [await this.followed.place(pending), await this.followed.place(pulled)];
    const asked = watch.run(
      this.redis.client,
      [graph.epoch, this.keys.watching, this.revisions.key],
      [
        this.keys.root,
        graph.root,
        randomUUID(),
        WATCHED_SECONDS,
        ...places.map(({ key }) => key),
        ...places.map(({ given }) => given.join(' ')),
        ...questions.map(({ kind, reader }) => `${kind} ${reader}`),
      ],
    );
    this.redis.client.writeNow();
    const answer = await asked;
    if (answer === 0) for (const { key } of places) this.followed.forget(key);
    if (answer === 0 || answer === null) return questions.map(() => undefined);
    const [era, ...found] = answer;
    return found.map((watched) => ({ era, watched }));
  }

  /** Has the mirror take in somebody whom it does not have; a newcomer, mostly. */
  private load(reader: Id): void {
    this.graph.facts(reader, [reader]).catch((error: unknown) => {
      this.logger.debug(`not loaded: ${errorText(error)}`);
    });
  }
}

/** Whether they ask about the same lists of authors, which stay the same objects as long as they stay the same. */
const isAlike = (one: Question, other: Question): boolean =>
  one.pending === other.pending && one.pulled === other.pulled;

/** Ids that are joined by blanks. */
const idsOf = (text: string): readonly Id[] => (text === '' ? [] : text.split(' '));
