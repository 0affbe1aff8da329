import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import { GraphImport } from '../../src/ops/graph-import.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { firstIdAt, type Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { copyLines } from '../harness/copy.js';
import { Random } from '../harness/random.js';
import { sharedData } from '../harness/shared-data.js';
import { FilledShard } from './filled-shard.js';

/** A million posts in thirty days. */
const BETWEEN_POSTS_MS = 2_592;
const WORDS =
  'the feed of a quiet morning brings one more word about rivers bread weather and old machines'.split(' ');

export interface GraphOptions {
  /** An edge list among the shared data. */
  graph: string;
  undirected: boolean;
}

/** A follow. */
export interface Follow {
  owner: Id;
  subject: Id;
}

/**
 * An installation with a real graph, brought in by the product's own import, and posts by random authors, a little more than
 * two seconds apart, with their rows in the feeds. All of it is written straight into the tables, and vacuumed as the
 * autovacuum of a running installation would have.
 */
export class FilledSystem {
  /** How many posts there are. */
  posts = 0;
  /** How many rows lie in the feeds. */
  activities = 0;
  private readonly newest = BigInt(firstIdAt(new Date()));

  private constructor(
    private readonly services: INestApplicationContext,
    private readonly shards: readonly FilledShard[],
    readonly users: number,
    /** In no particular order: drawing from them draws owners by how many they follow, and subjects by their audience. */
    readonly follows: readonly Follow[],
    private readonly authors: number,
  ) {}

  /** Imports the graph. */
  static async create(
    services: INestApplicationContext,
    { graph, undirected }: GraphOptions,
    say: (line: string) => void,
  ): Promise<FilledSystem> {
    say('importing the graph');
    const { users } = await services
      .get(GraphImport)
      .run({ file: sharedData(graph), undirected, prefix: 'n', kind: 'friend' });
    if (!(await services.get(MirrorRebuild).isReady())) await services.get(MirrorRebuild).run();
    const router = services.get(ShardRouter);
    const { follows, authors } = await onPrimary(services, readGraph);
    const shards = await Promise.all(
      router.shards.map((shard) =>
        FilledShard.create(shard, services.get(PrimaryDatabase).database, (client) =>
          copyLines(client, 'bench_follows', followLines(router, shard, follows)),
        ),
      ),
    );
    return new FilledSystem(services, shards, users, follows, authors);
  }

  /** Adds posts that are older than all there are, until about so many rows lie in the feeds. */
  async fill(activities: number, say: (line: string) => void): Promise<void> {
    const first = this.posts + 1;
    const count = Math.round(((activities - this.activities) * this.authors) / this.follows.length);
    say(`writing ${count.toLocaleString('en')} posts`);
    await this.writePosts(first, count);
    say('writing their rows in the feeds');
    const range = { from: this.idOf(first + count - 1), to: this.idOf(first) };
    const written = await Promise.all(this.shards.map((shard) => shard.write(range)));
    this.posts += count;
    this.activities += written.reduce((sum, rows) => sum + rows, 0);
    await onPrimary(this.services, async (client) => {
      await client.query('VACUUM (ANALYZE)');
      // What filling has left to be written would be written while something is measured.
      await client.query('CHECKPOINT');
    });
  }

  /** The post of this number, counted from the newest. */
  private idOf(number: number): Id {
    return String(this.newest - (BigInt(number * BETWEEN_POSTS_MS) << 22n));
  }

  /** On two connections, the older half beside the newer one. */
  private async writePosts(first: number, count: number): Promise<void> {
    const middle = first + Math.ceil(count / 2);
    const halves = [
      [first, middle - 1],
      [middle, first + count - 1],
    ] as const;
    await Promise.all(
      halves.map(([from, to]) => onPrimary(this.services, (client) => this.writeRange(client, from, to))),
    );
    await onPrimary(this.services, (client) =>
      client.query(`
        UPDATE users SET posts_count = written.posts, name = 'Person ' || username,
          bio = 'Reads, writes and answers to ' || username || ' on most days.'
        FROM (SELECT author_id, count(*) AS posts FROM posts GROUP BY 1) AS written WHERE author_id = users.id`),
    );
  }

  private async writeRange(client: pg.Client, from: number, to: number): Promise<void> {
    await client.query(
      `INSERT INTO posts (id, author_id, body)
       SELECT $1::bigint - ((number * $2::bigint) << 22), bench_authors.id, substr($3, 1 + (dice & 1023)::int, 30 + (dice >> 10 & 255)::int)
       FROM (
         SELECT number, hashint8extended(number, 1) & 2147483647 AS dice FROM generate_series($4::bigint, $5::bigint, -1) AS number
       ) AS drawn JOIN bench_authors ON place = dice % $6`,
      [String(this.newest), BETWEEN_POSTS_MS, inventedText(), to, from, this.authors],
    );
  }
}

async function onPrimary<Result>(
  services: INestApplicationContext,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The follows, and how many people there are whom anybody follows: they are put down as the authors of what comes. */
async function readGraph(client: pg.Client): Promise<{ follows: Follow[]; authors: number }> {
  // Everybody has followed for longer than the oldest post is old.
  await client.query('UPDATE relationships SET floor = 0');
  const { rows: follows } = await client.query<Follow>(
    'SELECT owner_id AS owner, subject_id AS subject FROM relationships ORDER BY subject_id, owner_id',
  );
  const { rowCount: authors } = await client.query(`
    CREATE TABLE bench_authors AS
    SELECT row_number() OVER (ORDER BY id) - 1 AS place, id FROM (SELECT DISTINCT subject_id AS id FROM relationships) AS followed`);
  return { follows, authors: authors! };
}

function* followLines(
  router: ShardRouter,
  shard: ReturnType<ShardRouter['shardOf']>,
  follows: readonly Follow[],
): Generator<string> {
  for (const { owner, subject } of follows)
    if (router.shardOf(owner) === shard) yield `${bucketOf(owner)}\t${owner}\t${subject}\n`;
}

/** Enough to cut every post's words out of. */
function inventedText(): string {
  const random = new Random(1);
  let text = '';
  while (text.length < 1_400) text += `${random.pick(WORDS)} `;
  return text;
}
