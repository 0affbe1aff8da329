import { setTimeout as delay } from 'node:timers/promises';
import { ActivityStore } from '../src/activities/activity-store.js';
import { ShardAdditions } from '../src/ops/shard-additions.js';
import { ShardBalance } from '../src/ops/shard-balance.js';
import { FULL_PACE } from '../src/ops/move-pace.js';
import { type MoveView, ShardMoves, type StartedMove } from '../src/ops/shard-moves.js';
import { ShardRouter } from '../src/platform/database/shards.js';
import type { BenchStack } from './harness/bench-stack.js';
import { type Benchmark, type BenchContext, type Report, single } from './harness/benchmark.js';
import { Random } from './harness/random.js';
import { fillShards } from './index-build/filled-shards.js';
import { readMeanwhile } from './index-build/paced-reads.js';
import { SteadyPosts } from './index-build/steady-posts.js';
import { copyPlainly } from './shard-move/plain-copy.js';

interface Size {
  rows: number;
  recipients: number;
}

const SIZES: Record<string, Size> = {
  large: { rows: 10_000_000, recipients: 20_000 },
  medium: { rows: 2_000_000, recipients: 20_000 },
  small: { rows: 500_000, recipients: 10_000 },
};
const ROWS_PER_SECOND = 1_000;
const WARM_UP_SECONDS = 5;
const BEFORE_SECONDS = 10;
const PAGE = 20;
const BY = 'the benchmark';

/** A shard split while people post and read, then rolled back. */
export const shardMove: Benchmark = {
  name: 'shard-move',
  summary:
    'half of 10 M rows to a new shard under 1,000 rows/s of writes and steady reads, against plain COPY out and in',
  sizes: {
    large: '10 M rows on one shard, half of which moves',
    medium: '2 M rows',
    small: '500,000 rows',
  },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const services = await stack.services();
  const { recipients, shard, buckets } = await prepare(stack, size, say);
  say('COPY out of these buckets and into such tables on the other shard');
  const { shards } = services.get(ShardRouter);
  const plain = await copyPlainly(shards[0]!, shards[shard]!, buckets);

  const server = await stack.serve({ kind: 'sluice' });
  const posts = await SteadyPosts.prepare(services, server.url);
  const moves = services.get(ShardMoves);
  const random = new Random(6);
  let readErrors = 0;
  const read = async () => {
    const page = await services
      .get(ActivityStore)
      .page(random.pick(recipients), 'friends', undefined, PAGE)
      .catch(() => undefined);
    if (page?.length !== PAGE) readErrors++;
  };
  posts.start(ROWS_PER_SECOND);
  await readMeanwhile(read, () => delay(WARM_UP_SECONDS * 1_000));
  const before = await readMeanwhile(read, () => delay(BEFORE_SECONDS * 1_000));
  // What any copying does to readers who share its cores.
  const beside = await readMeanwhile(read, () => copyPlainly(shards[0]!, shards[shard]!, buckets));
  say(`moving ${buckets.length} buckets at the pace that is kept unless told otherwise`);
  const began = performance.now();
  const during = await readMeanwhile(read, () => carryOut(moves, moves.start(buckets, shard, BY), 'moved'));
  const seconds = (performance.now() - began) / 1_000;
  const move = during.result;
  say(`moved in ${seconds.toFixed(1)} s, no writes for ${move.writePauseMs} ms; and back`);
  const back = await readMeanwhile(read, () => carryOut(moves, moves.rollback(move.id), 'returned'));
  say('and once more at full pace');
  const full = await readMeanwhile(read, () =>
    carryOut(moves, moves.start(buckets, shard, BY, FULL_PACE), 'moved'),
  );
  await carryOut(moves, moves.finish(full.result.id), 'done');
  posts.stop();
  await posts.delivered();
  const missing = await posts.missingRows();
  return report(size, {
    ...{ move, seconds, plain, before, beside, during, full, back: back.result },
    ...{ readErrors, missing },
  });
}

/** Puts all rows on one shard, and another one beside it on the map. @returns whose rows they are, and which half is to go where */
async function prepare(stack: BenchStack, size: string, say: (line: string) => void) {
  const { rows, recipients: recipientCount } = SIZES[size]!;
  const services = await stack.services();
  const moves = services.get(ShardMoves);
  say('putting all buckets on one shard, and another one on the map');
  const all = services.get(ShardRouter).bucketsOf(1);
  const { id } = await carryOut(moves, moves.start(all, 0, BY, FULL_PACE), 'moved');
  await carryOut(moves, moves.finish(id), 'done');
  const url = await stack.anotherServer('added');
  const { shard } = await services.get(ShardAdditions).add({ url, by: BY });
  say(`writing ${rows.toLocaleString('en')} rows`);
  const recipients = await fillShards(services, rows, recipientCount);
  const { buckets } = await services.get(ShardBalance).half(0, shard);
  return { recipients, shard, buckets };
}

async function carryOut(moves: ShardMoves, begun: Promise<StartedMove>, end: string): Promise<MoveView> {
  const { id, finished } = await begun;
  await finished;
  const move = await moves.find(id);
  if (move.state !== end) throw new Error(`The move is ${move.state} and not ${end}: ${move.error}`);
  return move;
}

interface Outcome {
  move: MoveView;
  seconds: number;
  plain: { rows: number; seconds: number };
  before: { p99Ms: number };
  beside: { p99Ms: number };
  during: { p99Ms: number; reads: number };
  full: { p99Ms: number; result: MoveView };
  back: MoveView;
  readErrors: number;
  missing: number;
}

function report(size: string, outcome: Outcome): Report {
  const { move, seconds, plain, before, beside, during, full, back, readErrors, missing } = outcome;
  const plainRate = plain.rows / plain.seconds;
  const rate = (copied: MoveView) => copied.rowsCompared! / copied.copySeconds!;
  return {
    headline: single('copyRowsPerSecond', 'rows copied at full pace', '1/s', rate(full.result)),
    limit: single(
      'plainCopyRowsPerSecond',
      'rows by COPY out and in, nothing else going on',
      '1/s',
      plainRate,
    ),
    ratio: rate(full.result) / plainRate,
    others: [
      single('pace', 'share of the time in which a move copies unless told otherwise', '', move.pace),
      single('gentleRowsPerSecond', 'rows copied at that pace', '1/s', rate(move)),
      single('writePauseMs', 'the moved buckets took no writes for (under 1,000)', 'ms', move.writePauseMs!),
      single('backWritePauseMs', '… when they were rolled back', 'ms', back.writePauseMs!),
      single('readErrors', 'reads that failed or fell short (0)', '', readErrors),
      single('readsBeforeP99Ms', '99 % of feed queries within, before', 'ms', before.p99Ms),
      single('readsDuringP99Ms', '… while the move goes on (at most twice that)', 'ms', during.p99Ms),
      single('readsP99Ratio', '… the one over the other', '', during.p99Ms / before.p99Ms),
      single('readsFullP99Ms', '… while a move goes on at full pace', 'ms', full.p99Ms),
      single('readsBesideCopyP99Ms', '… while the same rows go by plain COPY', 'ms', beside.p99Ms),
      single('rowsComparedEqual', 'rows compared and found alike', '', move.rowsCompared!),
      single('moveSeconds', 'from asking to moved', 's', seconds),
      single('copySeconds', '… of which the copy', 's', move.copySeconds!),
      single('missingRows', 'rows of accepted posts that are not there once (0)', '', missing),
    ],
    data: `${SIZES[size]!.rows.toLocaleString('en')} rows on one shard, ${move.buckets.length} of 64 buckets moved; ${ROWS_PER_SECOND} rows/s written, ${Math.round(during.reads / seconds)} reads/s`,
    notes: [
      'the new shard is a Postgres of its own; it, the other one, the server and the load share this machine',
    ],
  };
}
