import type { INestApplicationContext } from '@nestjs/common';
import { Tokens } from '../src/auth/tokens.js';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { sharedData } from './harness/shared-data.js';
import { quantile } from './harness/statistics.js';
import { until } from './harness/until.js';
import { type Action, readActions } from './replay/action-stream.js';
import { compareWithModel, type Differences } from './replay/comparison.js';
import { loadPeople } from './replay/people.js';
import { PlainModel } from './replay/plain-model.js';
import { type Played, Player } from './replay/player.js';

const SIZES: Record<string, number> = { medium: 40_000, small: 2_000, large: 1_000_000 };
/** How many times faster than it happened it is to be replayed. */
const TIMES = 100;
const HOUR = 3_600;

/** A week's worth of what real people did, through the API, and everything that should have come of it. */
export const replay: Benchmark = {
  name: 'replay',
  summary:
    'the Higgs stream through HTTP, in order: reposts, mentions and answers, against a hundred times real time',
  sizes: {
    medium: 'the first 40,000 actions (2.8 days)',
    small: 'the first 2,000 (14 hours)',
    large: 'all 563,069 (7 days)',
  },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const graph = sharedData('graphs/higgs_social_partial_directed.tsv.gz');
  const actions = await readActions(sharedData('events/higgs-activity_time.txt.gz'), SIZES[size]!);
  const services = await stack.services();
  say('importing the follows');
  const people = await loadPeople(services, graph, actions);
  const model = new PlainModel(people.follows);
  const server = await stack.serve({ kind: 'sluice', environment: { ROLES: 'http' } });
  await stack.serve({ kind: 'sluice', environment: { ROLES: 'worker' } });
  const tokenOf = (id: string) => services.get(Tokens).access({ id, sessionId: '1' });
  say(`replaying ${actions.length.toLocaleString('en')} actions`);
  const played = await new Player(server.url, tokenOf, people.ids, model).play(actions, say);
  const drainSeconds = await drain(services);
  const written = await writingLag(services);
  say('comparing everything with the model');
  const differences = await compareWithModel(services, model);
  return {
    ...report(actions, played, [
      single('drainSeconds', 'after the last action, until all was delivered', 's', drainSeconds),
      single('writtenP50Ms', 'a post, until the last row: half within', 'ms', written.p50),
      single('writtenP99Ms', 'a post, until the last row: 99 % within', 'ms', written.p99),
      ...differencesFound(differences),
    ]),
    data:
      `${people.ids.size.toLocaleString('en')} people, ${people.follows.length.toLocaleString('en')} follows; ` +
      `${actions.length.toLocaleString('en')} actions of ${(spanOf(actions) / HOUR).toFixed(1)} hours, ` +
      `${model.posts.size.toLocaleString('en')} posts, ${differences.rows.toLocaleString('en')} rows`,
    notes: [
      'as fast as it is answered, by one process for the API and one for the jobs; the limit is the pace of a hundred times real time',
    ],
  };
}

/** Waits until nothing is on its way any more. @returns the seconds that this took */
async function drain(services: INestApplicationContext): Promise<number> {
  const began = performance.now();
  const statement = { name: 'bench_outbox', text: 'SELECT EXISTS (SELECT FROM outbox) AS "isFilled"' };
  const isEmpty = async () =>
    !(await services.get(PrimaryDatabase).query<{ isFilled: boolean }>(statement))[0]!.isFilled;
  await until('the outbox is empty', isEmpty, 600_000);
  return (performance.now() - began) / 1_000;
}

/** From a post's id, which is drawn as it is written down, until its receipt is closed. */
async function writingLag(services: INestApplicationContext): Promise<{ p50: number; p99: number }> {
  const [row] = await services.get(PrimaryDatabase).query<{ p50: number; p99: number }>({
    name: 'bench_writing_lag',
    text: `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50, percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS p99
           FROM (
             SELECT extract(epoch FROM finished_at)::float8 * 1000 - (post_id >> 22) - 1262304000000 AS ms FROM fanouts
           ) AS lags`,
  });
  return row!;
}

function report(actions: readonly Action[], played: Played, others: Series[]): Omit<Report, 'data'> {
  const perSecond = actions.length / played.seconds;
  const asked = (actions.length / spanOf(actions)) * TIMES;
  const lag = (share: number) => quantile(played.readableMs, share);
  return {
    headline: single('actionsPerSecond', 'actions, sustained', '1/s', perSecond),
    limit: single('askedPerSecond', `${TIMES} times real time`, '1/s', asked),
    ratio: perSecond / asked,
    others: [
      single('timesRealTime', 'times real time, over all', '', spanOf(actions) / played.seconds),
      single('densestHour', 'times real time, in the densest hour', '', densestHour(actions, played)),
      single(
        'acceptedPerSecond',
        'posts, reposts and comments accepted',
        '1/s',
        played.accepted / played.seconds,
      ),
      single('readableP50Ms', 'from the 201 until a follower has read it: half within', 'ms', lag(0.5)),
      single('readableP99Ms', 'from the 201 until a follower has read it: 99 % within', 'ms', lag(0.99)),
      single('inVain', 'reads after the 201 that did not have it', '', played.inVain),
      single('looked', 'followers who looked', '', played.readableMs.length),
      ...others,
    ],
  };
}

function differencesFound(found: Differences): Series[] {
  return [
    single('missingRows', 'rows that are missing', '', found.missingRows),
    single('surplusRows', 'rows that should not be there', '', found.surplusRows),
    single('wrongCounts', 'posts that are miscounted', '', found.wrongCounts),
    single('wrongFeeds', `of ${found.feedsRead} feeds read to the end, wrong`, '', found.wrongFeeds),
    single('drift', 'differences between mirror and Postgres', '', found.drift),
  ];
}

/** In seconds of the stream. */
const spanOf = (actions: readonly Action[]): number => actions.at(-1)!.at - actions[0]!.at;

/** How fast the hour was replayed in which most happened. */
function densestHour(actions: readonly Action[], { doneAt }: Played): number {
  let [from, densest] = [0, { from: 0, to: 0 }];
  for (const [to, action] of actions.entries()) {
    while (action.at - actions[from]!.at > HOUR) from++;
    if (to - from > densest.to - densest.from) densest = { from, to };
  }
  return HOUR / (doneAt[densest.to]! - doneAt[densest.from]!);
}
