import { setTimeout as delay } from 'node:timers/promises';
import { ActivityStore } from '../src/activities/activity-store.js';
import { ShardAdditions } from '../src/ops/shard-additions.js';
import { ShardBalance } from '../src/ops/shard-balance.js';
import { type MoveView, ShardMoves } from '../src/ops/shard-moves.js';
import { ShardRouter } from '../src/platform/database/shards.js';
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
  const { rows, recipients: recipientCount } = SIZES[size]!;
  const services = await stack.services();
  const router = services.get(ShardRouter);
  const moves = services.get(ShardMoves);
  const carryOut = async (begun: ReturnType<ShardMoves['start']>, end: string): Promise<MoveView> => {
    const { id, finished } = await begun;
    await finished;
    const move = await moves.find(id);
    if (move.state !== end) throw new Error(`The move is ${move.state} and not ${end}: ${move.error}`);
    return move;
  };
  say('putting all buckets on one shard, and another one on the map');
  const begun = await carryOut(moves.start(router.bucketsOf(1), 0, BY), 'moved');
  await carryOut(moves.finish(begun.id), 'done');
  const { shard } = await services
    .get(ShardAdditions)
    .add({ url: await stack.emptyDatabase('added'), by: BY });
  say(`writing ${rows.toLocaleString('en')} rows`);
  const recipients = await fillShards(services, rows, recipientCount);
  const { buckets } = await services.get(ShardBalance).half(0, shard);
  say('COPY out of these buckets and into such tables on the other shard');
  const plain = await copyPlainly(router.shards[0]!, router.shards[shard]!, buckets);

  const server = await stack.serve({ kind: 'sluice' });
  const posts = await SteadyPosts.prepare(services, server.url);
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
  const before = await readMeanwhile(read, () => delay(BEFORE_SECONDS * 1_000));
  say(`moving ${buckets.length} buckets`);
  const began = performance.now();
  const during = await readMeanwhile(read, () => carryOut(moves.start(buckets, shard, BY), 'moved'));
  const moveSeconds = (performance.now() - began) / 1_000;
  const move = during.result;
  say(`moved in ${moveSeconds.toFixed(1)} s, no writes for ${move.writePauseMs} ms; and back`);
  const back = await readMeanwhile(read, () => carryOut(moves.rollback(move.id), 'returned'));
  posts.stop();
  await posts.delivered();
  const copied = move.rowsCompared!;
  const rate = copied / move.copySeconds!;
  return {
    headline: single('copyRowsPerSecond', 'rows copied', '1/s', rate),
    limit: single(
      'plainCopyRowsPerSecond',
      'rows by COPY out and in, nothing else going on',
      '1/s',
      plain.rows / plain.seconds,
    ),
    ratio: rate / (plain.rows / plain.seconds),
    others: [
      single('writePauseMs', 'the moved buckets took no writes for (under 1,000)', 'ms', move.writePauseMs!),
      single('backWritePauseMs', '… when they were rolled back', 'ms', back.result.writePauseMs!),
      single('readErrors', 'reads that failed or fell short (0)', '', readErrors),
      single('readsBeforeP99Ms', '99 % of feed queries within, before', 'ms', before.p99Ms),
      single('readsDuringP99Ms', '… while the move goes on (at most twice that)', 'ms', during.p99Ms),
      single('readsP99Ratio', '… the one over the other', '', during.p99Ms / before.p99Ms),
      single('rowsComparedEqual', 'rows compared and found alike', '', copied),
      single('moveSeconds', 'from asking to moved', 's', moveSeconds),
      single('copySeconds', '… of which the copy', 's', move.copySeconds!),
      single(
        'missingRows',
        'rows of accepted posts that are not there once (0)',
        '',
        await posts.missingRows(),
      ),
    ],
    data: `${rows.toLocaleString('en')} rows on one shard, ${buckets.length} of 64 buckets moved; ${ROWS_PER_SECOND} rows/s written, ${Math.round(during.reads / moveSeconds)} reads/s`,
    notes: ['both shards, the primary, the server and the load share this machine and one Postgres server'],
  };
}
