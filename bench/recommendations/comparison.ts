import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { GraphRedis } from '../../src/platform/redis/redis.js';
import { Mirror } from '../../src/relationships/mirror/mirror.js';
import {
  friendsOfFriends,
  Recommendations,
  type Suggestions,
} from '../../src/relationships/recommendations.js';

const SHOWN = 20;
const NAMED = 3;
/** Calls that take less are not looked at, so that what Redis remembers holds all those that do. */
const LOOKED_AT_US = 200;
const REMEMBERED = 100_000;

/** One answer of each kind for each viewer, in the order of the viewers. */
export interface Round {
  anewMs: number[];
  readyMs: number[];
  /** How long a command that does nothing takes, to and from Redis: the least that any answer from it can take. */
  pingMs: number[];
  sqlMs: number[];
  /** The share of the exact first ones that is among ours. */
  found: number[];
  /** 1 where the answer comes from a sample. */
  sampled: number[];
  /** How many of our counts differ from the exact ones, among those that both answers have. */
  wrongCounts: number;
}

/** Asks both sides for the same. */
export class Comparison {
  private constructor(
    private readonly client: pg.Client,
    private readonly redis: GraphRedis['client'],
    private readonly mirror: Mirror,
    private readonly epoch: string,
    private readonly recommendations: Recommendations,
  ) {}

  static async start(services: INestApplicationContext): Promise<Comparison> {
    const client = await services.get(PrimaryDatabase).database.dedicatedClient();
    // Room for the hash tables, and no time lost on compiling; the general plan is as good and need not be made again.
    for (const setting of ["work_mem = '64MB'", 'jit = off', 'plan_cache_mode = force_generic_plan'])
      await client.query(`SET ${setting}`);
    const mirror = services.get(Mirror);
    const epoch = (await mirror.currentEpoch())!;
    return new Comparison(
      client,
      services.get(GraphRedis).client,
      mirror,
      epoch,
      services.get(Recommendations),
    );
  }

  /** Asks for every viewer: with nothing ready, then with what that left, then Postgres. */
  async round(viewers: readonly Id[]): Promise<Round> {
    const round: Round = {
      ...{ anewMs: [], readyMs: [], pingMs: [], sqlMs: [] },
      ...{ found: [], sampled: [], wrongCounts: 0 },
    };
    const answers: Suggestions[] = [];
    for (const viewer of viewers) {
      await this.redis.del(this.mirror.keys.suggestions(this.epoch, viewer));
      const [answer, anewMs] = await timed(() => this.recommendations.suggestions(viewer, SHOWN));
      answers.push(answer);
      round.anewMs.push(anewMs);
    }
    for (const viewer of viewers) {
      round.readyMs.push((await timed(() => this.recommendations.suggestions(viewer, SHOWN)))[1]);
      round.pingMs.push((await timed(() => this.redis.ping()))[1]);
    }
    for (const [index, viewer] of viewers.entries()) {
      const [exact, sqlMs] = await timed(() => this.ask(viewer));
      round.sqlMs.push(sqlMs);
      const { list, isWhole } = answers[index]!;
      const shown = new Map(list.slice(0, SHOWN).map(({ id, count }) => [id, count]));
      const both = exact.filter(({ id }) => shown.has(id));
      round.found.push(exact.length === 0 ? 1 : both.length / exact.length);
      round.sampled.push(Number(!isWhole));
      round.wrongCounts += both.filter(({ id, count }) => shown.get(id) !== count).length;
    }
    return round;
  }

  /** Begins to look at how long Redis takes for single calls. */
  async watchCalls(): Promise<void> {
    await this.redis.config('SET', 'slowlog-log-slower-than', LOOKED_AT_US);
    await this.redis.config('SET', 'slowlog-max-len', REMEMBERED);
    await this.redis.slowlog('RESET');
  }

  /** @returns the milliseconds of each call that was looked at */
  async longCalls(): Promise<number[]> {
    const entries = (await this.redis.slowlog('GET', REMEMBERED)) as [
      id: number,
      at: number,
      micros: number,
    ][];
    return entries.map(([, , micros]) => micros / 1_000);
  }

  async stop(): Promise<void> {
    await this.client.end();
  }

  private async ask(viewer: Id): Promise<{ id: Id; count: number }[]> {
    const query = { ...friendsOfFriends, values: [viewer, SHOWN, NAMED] };
    return (await this.client.query<{ id: Id; count: number }>(query)).rows;
  }
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const began = performance.now();
  const result = await work();
  return [result, performance.now() - began];
}
