import { isDeepStrictEqual } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { Metrics } from '../src/platform/metrics/metrics.js';
import { GraphRedis } from '../src/platform/redis/redis.js';
import type { Id } from '../src/platform/ids/ids.js';
import { GraphStore } from '../src/relationships/graph-store.js';
import { Mirror } from '../src/relationships/mirror/mirror.js';
import { MirrorRebuild } from '../src/relationships/mirror-rebuild.js';
import { GraphView } from '../src/users/graph-view.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import {
  drawFollows,
  EPINIONS,
  FACEBOOK,
  fillGraph,
  type GraphData,
  TEN_MILLION,
} from './harness/graph-data.js';
import { median, pairedRatio } from './harness/statistics.js';

const IDS = 20;
const QUESTIONS = 5_000;
const IN_FLIGHT = 64;
const ROUNDS = 7;
const SECONDS = 1.5;
const CHECKED = 500;

const SIZES: Record<string, GraphData> = { medium: EPINIONS, small: FACEBOOK, large: TEN_MILLION };

/** How a viewer stands to 20 users, as every feed page asks. */
export const graphLookup: Benchmark = {
  name: 'graph-lookup',
  summary: 'how a viewer stands to 20 users, from the mirror, against bare SMISMEMBERs that ask for as much',
  sizes: {
    medium: 'soc-Epinions1: 75,879 users, 508,837 follows',
    small: 'ego-Facebook: 4,039 users, 176,468 follows',
    large: 'generated: 1 M users, 10 M follows',
  },
  run,
};

/** One lookup: who asks, and about whom. */
interface Question {
  viewer: Id;
  ids: Id[];
}

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const services = await stack.services();
  const graph = await fillGraph(services, SIZES[size]!, say);
  await services.get(MirrorRebuild).run();
  const questions = await drawQuestions(services);
  const ways = await waysToAsk(services);
  const names = Object.keys(ways) as (keyof typeof ways)[];
  const rates: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await askFor(SECONDS, IN_FLIGHT, questions, ways[name]);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const name of names)
      rates[name]!.push((await askFor(SECONDS, IN_FLIGHT, questions, ways[name])).length / SECONDS);
    say(
      `round ${round} of ${ROUNDS}: ${names.map((name) => `${name} ${Math.round(rates[name]!.at(-1)!)}/s`).join(', ')}`,
    );
  }
  const alone = (await askFor(SECONDS, 1, questions, ways.lookup)).sort((a, b) => a - b);
  const [fallbacks, wrong] = [await countFallbacks(services), await countWrong(services, questions)];
  const series = (name: keyof typeof ways, key: string, label: string): Series => ({
    name: key,
    label,
    unit: '1/s',
    values: rates[name]!,
  });
  return {
    headline: series('lookup', 'lookupsPerSecond', `lookups of ${IDS}`),
    limit: series('bare', 'bareLookupsPerSecond', `pipelines of 1 SMISMEMBER of ${IDS} and ${IDS} of 1`),
    ratio: pairedRatio(rates.lookup!, rates.bare!),
    others: [
      series('facts', 'factsPerSecond', 'lookups with the counts of each'),
      series('single', 'singleSmismemberPerSecond', `single SMISMEMBERs of ${IDS}, half of what is asked`),
      single('ratioToSingle', 'lookups / single SMISMEMBERs', '', pairedRatio(rates.lookup!, rates.single!)),
      single('fallbacks', 'lookups that went to Postgres', '', fallbacks),
      single('wrong', `answers of ${CHECKED} that Postgres does not give`, '', wrong),
      single('p50Ms', 'one at a time, half within', 'ms', median(alone)),
      single('p99Ms', 'one at a time, 99 % within', 'ms', alone[Math.floor(alone.length * 0.99)]!),
    ],
    data:
      `${graph.users.toLocaleString('en')} users, ${graph.follows.toLocaleString('en')} follows; ` +
      `${IDS} ids a lookup, ${IN_FLIGHT} in flight from one process`,
    notes: [
      'The limit asks half: whom of the ids the viewer follows, and who of them follows the viewer. A lookup also tells',
      'noise, blocks (both ways) and mutes, and that none of the users is missing.',
    ],
  };
}

/** Viewers and ids by degree, as the ends of random follows; the first id is one that the viewer follows. */
async function drawQuestions(services: INestApplicationContext): Promise<Question[]> {
  const follows = await drawFollows(services, QUESTIONS);
  return follows.map(({ owner, subject }, index) => {
    const others = Array.from(
      { length: IDS * 2 },
      (_, i) => follows[(index + i * 97) % follows.length]!.subject,
    );
    return {
      viewer: owner,
      ids: [...new Set([subject, ...others])].filter((id) => id !== owner).slice(0, IDS),
    };
  });
}

/** How many lookups the mirror could not answer: then it was Postgres that was measured. */
async function countFallbacks(services: INestApplicationContext): Promise<number> {
  const { values } = await services.get(Metrics).mirrorFallbacks.get();
  return values.reduce((sum, { value }) => sum + value, 0);
}

/** How many answers differ from what Postgres says. */
async function countWrong(services: INestApplicationContext, questions: Question[]): Promise<number> {
  let wrong = 0;
  for (const { viewer, ids } of questions.slice(0, CHECKED)) {
    const answers = await services.get(GraphView).facts(viewer, ids);
    if (!isDeepStrictEqual(answers, await services.get(GraphStore).facts(viewer, ids))) wrong++;
  }
  return wrong;
}

type Ask = (question: Question) => Promise<unknown>;

async function waysToAsk(services: INestApplicationContext) {
  const graph = services.get(GraphView);
  const mirror = services.get(Mirror);
  const { client } = services.get(GraphRedis);
  const epoch = (await mirror.currentEpoch())!;
  const following = (user: Id) => mirror.keys.set(epoch, user, 'following');
  return {
    lookup: ({ viewer, ids }) => graph.standings(viewer, ids),
    bare: ({ viewer, ids }) => {
      const pipeline = client.pipeline().smismember(following(viewer), ...ids);
      for (const id of ids) pipeline.smismember(following(id), viewer);
      return pipeline.exec();
    },
    facts: ({ viewer, ids }) => graph.facts(viewer, ids),
    single: ({ viewer, ids }) => client.smismember(following(viewer), ...ids),
  } satisfies Record<string, Ask>;
}

/** Asks for some seconds, a number of questions at a time. @returns how long each took, in milliseconds */
async function askFor(seconds: number, inFlight: number, questions: Question[], ask: Ask): Promise<number[]> {
  const times: number[] = [];
  const deadline = performance.now() + seconds * 1_000;
  let turn = 0;
  const loop = async () => {
    for (let began = performance.now(); began < deadline; began = performance.now()) {
      await ask(questions[turn++ % questions.length]!);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return times;
}
