import { Injectable, Logger } from '@nestjs/common';
import pLimit from 'p-limit';
import type { Id } from '../../platform/ids/ids.js';
import { Problem } from '../../platform/http/problem.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { GatheredCalls } from '../../platform/redis/gathered-calls.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { LuaScript } from '../../platform/redis/script.js';
import { FollowedIds } from '../../users/followed-ids.js';
import {
  type GraphFacts,
  GraphView,
  type Outline,
  type Standing,
  type UserAtHand,
} from '../../users/graph-view.js';
import { MirrorComparison } from '../audit/mirror-comparison.js';
import { GraphStore } from '../graph-store.js';
import { kindOf } from '../kinds.js';
import { KeptRelationships } from './kept-relationships.js';
import { Mirror } from './mirror.js';
import { Nobodies } from './nobodies.js';
import { BLOCKS_ME } from './relationship-codes.js';
import { SingleFlight } from './single-flight.js';

const readFacts = LuaScript.load<FactsTuple[] | null>(import.meta.url, './read-facts.lua');
const readOutlines = LuaScript.load<OutlineTuple[number][] | null>(import.meta.url, './read-outlines.lua');

type OutlineTuple = [followers: number, friends: number, noise: number, listed: string | null];

/** Whoever follows more is asked anew each time whether somebody is among them. */
const MOST_LISTED = 1_024;
/** What is asked of the mirror, as `read-facts.lua` has it. */
type Wanted = 'counts' | 'standings' | 'known';
type FactsTuple = [missing: string, codes: string, ...counts: number[]];

interface Question {
  text: string;
  users: number;
}

/** So many users are asked about by one call, which takes Redis about 1 ms. */
const MOST_USERS_PER_CALL = 300;

/** How many reads may go to Postgres at a time while the mirror cannot answer. */
const FALLBACKS_AT_A_TIME = 8;
/** Past so many in line, a reader is turned away rather than kept waiting. */
const MOST_WAITING = 1_000;
/** How many users may be loaded into the mirror at a time because somebody asked for them. */
const REFILLS_AT_A_TIME = 4;
const FOLLOWS_ME = 8;
/** Of the characters for codes, the one for nothing at all. */
const FIRST_CODE = 48;

/**
 * Answers questions about the graph from the mirror, in one round trip and as of one moment. What the mirror cannot
 * answer (it is away, being rebuilt, or lacks a user) is read from Postgres, a bounded number at a time and the same
 * question once, and the missing users are loaded.
 */
@Injectable()
export class MirrorReader extends GraphView {
  private readonly logger = new Logger('Mirror');
  private readonly limit = pLimit(FALLBACKS_AT_A_TIME);
  private readonly refillLimit = pLimit(REFILLS_AT_A_TIME);
  private readonly nobodies = new Nobodies();
  private readonly fallbacks = new SingleFlight<GraphFacts[]>();
  private readonly refills = new SingleFlight<void>();
  private readonly questions = new GatheredCalls<Question, FactsTuple | undefined>({
    call: (questions) => this.call(questions),
    weightOf: ({ users }) => users,
    mostWeight: MOST_USERS_PER_CALL,
  });

  constructor(
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
    private readonly store: GraphStore,
    private readonly comparison: MirrorComparison,
    private readonly kept: KeptRelationships,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  standings(viewer: Id, users: readonly Id[]): Promise<Standing[]> {
    return this.askStandings(viewer, users);
  }

  async standingsTo(
    viewer: Id,
    people: readonly UserAtHand[],
    caughtUp: Promise<boolean>,
  ): Promise<Standing[]> {
    const key = BigInt(viewer);
    const followMe = people.map((person) => person.follows(key));
    const own = await this.kept.of(viewer, caughtUp);
    const asked = own ? people.filter((_, index) => followMe[index] === undefined) : people;
    const ids = asked.map(({ card }) => card.id);
    const answers = asked.length > 0 ? await this.askStandings(viewer, ids, own ? [] : followMe) : [];
    if (!own) return answers;
    let next = 0;
    return people.map((person, index) => {
      const followsMe = followMe[index];
      return followsMe === undefined ? answers[next++]! : standingOf(own.codeOf(person.key), followsMe);
    });
  }

  async facts(viewer: Id, users: readonly Id[]): Promise<GraphFacts[]> {
    const answer = await this.ask(viewer, users, 'counts');
    if (!answer) return this.fallBack(viewer, users, true);
    const [, codes, ...counts] = answer;
    return users.map((_, index) => {
      const { kind, followsMe, blocksMe } = STANDINGS[codes.charCodeAt(index) - FIRST_CODE]!;
      const followers = counts[index * 3]!;
      const friends = counts[index * 3 + 1]!;
      const noise = counts[index * 3 + 2]!;
      return { kind, followsMe, blocksMe, followers, friends, noise };
    });
  }

  async outlines(users: readonly Id[]): Promise<Map<Id, Outline>> {
    const { keys } = this.mirror;
    const args = [keys.root, MOST_LISTED, users.join(' ')];
    const answer = (await readOutlines.run(this.redis.client, [keys.epoch], args)) ?? [];
    const found = new Map<Id, Outline>();
    for (let at = 0; at < answer.length; at += 4) {
      const [followers, friends, noise, listed] = answer.slice(at, at + 4) as OutlineTuple;
      const ids = listed === '' ? [] : listed?.split(' ');
      const following = ids && new FollowedIds(ids);
      if (followers >= 0) found.set(users[at / 4]!, { followers, friends, noise, following });
    }
    return found;
  }

  /** @param followMe given when all of them are in the mirror: who follows the viewer, undefined for who is yet to be asked */
  private async askStandings(
    viewer: Id,
    users: readonly Id[],
    followMe?: readonly (boolean | undefined)[],
  ): Promise<Standing[]> {
    const unknown = followMe && users.filter((_, index) => followMe[index] === undefined);
    const answer = await this.ask(viewer, users, followMe ? 'known' : 'standings', unknown);
    if (!answer) return this.fallBack(viewer, users, false);
    const [, codes] = answer;
    return users.map((_, index) =>
      standingOf(codes.charCodeAt(index) - FIRST_CODE, followMe?.[index] === true),
    );
  }

  /** @returns undefined when the mirror cannot answer */
  private async ask(
    viewer: Id,
    users: readonly Id[],
    wanted: Wanted,
    unknown: readonly Id[] = [],
  ): Promise<FactsTuple | undefined> {
    if (users.length === 0) return ['', ''];
    const text = `${wanted} ${viewer} ${users.join(' ')},${unknown.join(' ')}`;
    try {
      const answer = await this.questions.ask({ text, users: users.length });
      if (!answer) return this.cannot('no epoch');
      const [missing] = answer;
      const unknown = missing === '' ? [] : missing.split(' ').filter((id) => !this.nobodies.has(id));
      if (unknown.length === 0) return answer;
      this.refill(unknown);
      return this.cannot('user missing');
    } catch (error) {
      this.logger.debug(`read from Postgres instead: ${String(error)}`);
      return this.cannot('redis');
    }
  }

  private async call(questions: readonly Question[]): Promise<readonly (FactsTuple | undefined)[]> {
    const { keys } = this.mirror;
    const texts = questions.map(({ text }) => text);
    const asked = readFacts.run(this.redis.client, [keys.epoch], [keys.root, ...texts]);
    this.redis.client.writeNow();
    return (await asked) ?? [];
  }

  private cannot(reason: string): FactsTuple | undefined {
    this.metrics.mirrorFallbacks.inc({ reason });
    return undefined;
  }

  private fallBack(viewer: Id, users: readonly Id[], withCounts: boolean): Promise<GraphFacts[]> {
    const question = `${viewer} ${withCounts} ${users.join(' ')}`;
    return this.fallbacks.run(question, () => {
      if (this.limit.pendingCount >= MOST_WAITING) throw new Problem('overloaded');
      return this.limit(() => this.store.facts(viewer, users, withCounts));
    });
  }

  /** Has users who are not in the mirror loaded into it, without waiting for that. */
  refill(users: readonly Id[]): void {
    for (const user of users) {
      this.refills
        .run(user, () => this.refillLimit(() => this.load(user)))
        .catch((error: unknown) => this.logger.debug(`could not refill the mirror: ${String(error)}`));
    }
  }

  /** Loads a user who is missing: a newcomer, of whom all is known, or one whose keys were lost, followers included. */
  private async load(user: Id): Promise<void> {
    const epoch = await this.mirror.currentEpoch();
    if (!epoch) return;
    const drift = await this.comparison.compare(epoch, [user]);
    if (drift.length > 0) await this.comparison.repair(epoch, drift);
    else if (!(await this.mirror.load(epoch, [user]))) this.nobodies.add(user);
  }
}

/** The standing of a code, which may have it that the user follows the viewer, or not tell. */
const standingOf = (code: number, followsMe: boolean): Standing =>
  STANDINGS[followsMe ? code + FOLLOWS_ME : code]!;

/** How a viewer may stand to somebody, by what `read-facts.lua` answers. */
const STANDINGS: readonly Standing[] = Array.from({ length: 2 * BLOCKS_ME }, (_, code) => ({
  kind: kindOf(code % FOLLOWS_ME),
  followsMe: (code & FOLLOWS_ME) !== 0,
  blocksMe: (code & BLOCKS_ME) !== 0,
}));
