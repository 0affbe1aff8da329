import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { Tokens } from '../src/auth/tokens.js';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import type { Id } from '../src/platform/ids/ids.js';
import { MirrorRebuild } from '../src/relationships/mirror-rebuild.js';
import { MirrorVerification } from '../src/relationships/mirror-verification.js';
import { type Benchmark, type BenchContext, type Report, type Series, single } from './harness/benchmark.js';
import { EPINIONS, FACEBOOK, fillGraph, type GraphData } from './harness/graph-data.js';
import { generateLoad, type LoadResult } from './harness/load.js';
import { pairedRatio } from './harness/statistics.js';

const SIZES: Record<string, GraphData> = { medium: EPINIONS, small: FACEBOOK };
const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 64;
/** Follows in a row before the same people unfollow: far more than are under way at a time. */
const PAIRS = 2_048;
const DRAINED_WITHIN_MS = 120_000;

/** Follow and unfollow, from the request to the mirror and the notification. */
export const follow: Benchmark = {
  name: 'follow',
  summary:
    'follow and unfollow over HTTP, mirror and notifications included, against bare two-row transactions',
  sizes: {
    medium: 'on soc-Epinions1: 75,879 users, 508,837 follows',
    small: 'on ego-Facebook: 4,039 users, 176,468 follows',
  },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const services = await stack.services();
  const graph = await fillGraph(services, SIZES[size]!, say);
  await services.get(MirrorRebuild).run();
  const pairs = await drawPairs(services);
  const server = await stack.serve({ kind: 'sluice', environment: { AUDIT_USERS_PER_SECOND: '0' } });
  const load = { url: server.url, requests: requestsOf(services, pairs), connections: CONNECTIONS };
  const bare = await BareTransactions.open(stack.environment.DATABASE_URL!, pairs);
  const ours: LoadResult[] = [];
  const limits: number[] = [];
  try {
    await generateLoad({ ...load, seconds: 2 });
    await bare.run(2);
    for (let round = 1; round <= ROUNDS; round++) {
      ours.push(await generateLoad({ ...load, seconds: SECONDS }));
      await drained(services);
      limits.push(await bare.run(SECONDS));
      say(
        `round ${round} of ${ROUNDS}: ${Math.round(ours.at(-1)!.perSecond)}/s, bare ${Math.round(limits.at(-1)!)}/s`,
      );
    }
  } finally {
    await bare.close();
  }
  const { users, drift } = await services.get(MirrorVerification).run({ users: 'all' });
  const series = (name: string, label: string, unit: string, key: keyof LoadResult): Series => ({
    name,
    label,
    unit,
    values: ours.map((one) => one[key]),
  });
  const headline = series('changesPerSecond', 'follows and unfollows', '1/s', 'perSecond');
  return {
    headline,
    limit: { name: 'barePerSecond', label: 'bare transactions of two rows', unit: '1/s', values: limits },
    ratio: pairedRatio(headline.values, limits),
    others: [
      series('p50Ms', 'half within', 'ms', 'p50Ms'),
      series('p99Ms', '99 % within', 'ms', 'p99Ms'),
      series('generatorLoad', 'load generator', 'cores', 'generatorLoad'),
      single(
        'drift',
        `users of ${users.toLocaleString('en')} whose mirror is not exact`,
        '',
        new Set(drift.map((one) => one.userId)).size,
      ),
    ],
    data:
      `${graph.users.toLocaleString('en')} users, ${graph.follows.toLocaleString('en')} follows; ` +
      `${CONNECTIONS} connections, one process for HTTP and jobs`,
    notes: [
      'A follow that is new writes its row, the owner’s version, two outbox rows, the mirror and a notification.',
    ],
  };
}

interface Pair {
  owner: Id;
  subject: Id;
}

/** People who do not know each other, a different owner in each pair. */
async function drawPairs(services: INestApplicationContext): Promise<Pair[]> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const { rows } = await client.query<Pair>(
      `WITH drawn AS (
         SELECT id, row_number() OVER (ORDER BY hashint8(id), id) AS place FROM users
         ORDER BY hashint8(id), id LIMIT 3 * $1
       )
       SELECT one.id AS owner, other.id AS subject FROM drawn AS one
       JOIN drawn AS other ON other.place = one.place + $1
       WHERE NOT EXISTS (
         SELECT FROM relationships WHERE owner_id = one.id AND subject_id = other.id
       )
       ORDER BY one.place LIMIT $1`,
      [PAIRS],
    );
    return rows;
  } finally {
    await client.end();
  }
}

/** Everybody follows, then everybody unfollows, and so on. */
function requestsOf(services: INestApplicationContext, pairs: readonly Pair[]): Buffer[] {
  const body = '{"kind":"friend"}';
  const head = ({ owner, subject }: Pair, method: string) =>
    `${method} /v1/relationships/${subject} HTTP/1.1\r\nhost: bench\r\n` +
    `authorization: Bearer ${services.get(Tokens).access({ id: owner, sessionId: '1' })}\r\n`;
  const put = (pair: Pair) =>
    `${head(pair, 'PUT')}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const remove = (pair: Pair) => `${head(pair, 'DELETE')}\r\n`;
  return [...pairs.map(put), ...pairs.map(remove)].map((text) => Buffer.from(text, 'latin1'));
}

/** Waits until the jobs of a round are done, so that they do not fall into somebody else's time. */
async function drained(services: INestApplicationContext): Promise<void> {
  const deadline = performance.now() + DRAINED_WITHIN_MS;
  const outbox = { name: 'bench_outbox', text: 'SELECT count(*)::int AS size FROM outbox' };
  while (performance.now() < deadline) {
    const [row] = await services.get(PrimaryDatabase).query<{ size: number }>(outbox);
    if (row!.size === 0) return;
    await delay(50);
  }
  throw new Error('The jobs that follow from the changes are not done.');
}

/** What Postgres itself does of this kind: a row and a counter in one transaction, in one statement, from as many connections. */
class BareTransactions {
  private turn = 0;

  private constructor(
    private readonly pool: pg.Pool,
    private readonly pairs: readonly Pair[],
  ) {}

  static async open(url: string, pairs: readonly Pair[]): Promise<BareTransactions> {
    const pool = new pg.Pool({ connectionString: url, max: 20 });
    await pool.query(
      'CREATE TABLE bare_follows (owner_id bigint, subject_id bigint, PRIMARY KEY (owner_id, subject_id))',
    );
    await pool.query('CREATE TABLE bare_owners (owner_id bigint PRIMARY KEY, follows int NOT NULL)');
    await pool.query('INSERT INTO bare_owners SELECT unnest($1::bigint[]), 0', [
      pairs.map(({ owner }) => owner),
    ]);
    return new BareTransactions(pool, pairs);
  }

  /** @returns transactions a second */
  async run(seconds: number): Promise<number> {
    const deadline = performance.now() + seconds * 1_000;
    const began = performance.now();
    let done = 0;
    const loop = async () => {
      while (performance.now() < deadline) {
        const turn = this.turn++;
        const { owner, subject } = this.pairs[turn % this.pairs.length]!;
        const statement = Math.floor(turn / this.pairs.length) % 2 === 0 ? FOLLOW : UNFOLLOW;
        await this.pool.query({ ...statement, values: [owner, subject] });
        done++;
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, loop));
    return done / ((performance.now() - began) / 1_000);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

const FOLLOW = {
  name: 'bare_follow',
  text: `WITH written AS (INSERT INTO bare_follows VALUES ($1, $2) ON CONFLICT DO NOTHING)
    UPDATE bare_owners SET follows = follows + 1 WHERE owner_id = $1`,
};
const UNFOLLOW = {
  name: 'bare_unfollow',
  text: `WITH removed AS (DELETE FROM bare_follows WHERE owner_id = $1 AND subject_id = $2)
    UPDATE bare_owners SET follows = follows - 1 WHERE owner_id = $1`,
};
