import type { INestApplicationContext } from '@nestjs/common';
import { codeOfKind, STREAMS } from '../../src/activities/activity.js';
import { GraphImport } from '../../src/ops/graph-import.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { firstIdAt, type Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { copyLines } from '../harness/copy.js';
import { Random } from '../harness/random.js';

const SPAN_MS = 30 * 24 * 3_600_000;
const WORDS =
  'the feed of a quiet morning brings one more word about rivers bread weather and old machines'.split(' ');

export interface FillOptions {
  /** An edge list. */
  graph: string;
  undirected: boolean;
  /** Posts are added until so many rows lie in the feeds. */
  activities: number;
}

/** What there is after filling. */
export interface FilledSystem {
  users: number;
  follows: number;
  posts: number;
  activities: number;
  /** Owners of follows, one entry for each follow: drawing from it draws by degree. */
  owners: readonly Id[];
}

interface Post {
  id: Id;
  author: Id;
}

/**
 * Fills an installation: a real graph through the product's own import, posts of the last thirty days by random
 * authors, and their rows in the feeds in the order in which fan-out would have written them; then vacuums, as the
 * autovacuum of a running installation would have.
 */
export async function fillSystem(
  services: INestApplicationContext,
  { graph, undirected, activities }: FillOptions,
  say: (line: string) => void,
): Promise<FilledSystem> {
  say('importing the graph');
  const imported = await services
    .get(GraphImport)
    .run({ file: graph, undirected, prefix: 'n', kind: 'friend' });
  const audiences = await readAudiences(services);
  const random = new Random(1);
  const posts = drawPosts(audiences, activities, random);
  say(`writing ${posts.length} posts`);
  await writePosts(services, posts, random);
  say('writing their rows in the feeds');
  const written = await writeActivities(services, posts, audiences);
  say('building the mirror');
  if (!(await services.get(MirrorRebuild).isReady())) await services.get(MirrorRebuild).run();
  await vacuum(services);
  const { users, follows } = imported;
  return { users, follows, posts: posts.length, activities: written, owners: [...audiences.values()].flat() };
}

async function readAudiences(services: INestApplicationContext): Promise<Map<Id, Id[]>> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  const { rows } = await client.query<{ author: Id; followers: Id[] }>(
    'SELECT subject_id AS author, array_agg(owner_id) AS followers FROM relationships GROUP BY 1 ORDER BY 1',
  );
  await client.end();
  return new Map(rows.map(({ author, followers }) => [author, followers]));
}

function drawPosts(audiences: Map<Id, Id[]>, activities: number, random: Random): Post[] {
  const authors = [...audiences.keys()];
  const drawn: Id[] = [];
  for (let rows = 0; rows < activities;) {
    const author = random.pick(authors);
    drawn.push(author);
    rows += audiences.get(author)!.length;
  }
  const began = Date.now() - SPAN_MS;
  return drawn.map((author, number) => {
    const moment = new Date(began + Math.floor((number / drawn.length) * SPAN_MS));
    return { author, id: String(BigInt(firstIdAt(moment)) + BigInt(number % 4_000_000)) };
  });
}

async function writePosts(services: INestApplicationContext, posts: Post[], random: Random): Promise<void> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  const text = (words: number) => Array.from({ length: words }, () => random.pick(WORDS)).join(' ');
  const lines = posts.map(({ id, author }) => `${id}\t${author}\t${text(5 + random.below(40))}\n`);
  await copyLines(client, 'posts (id, author_id, body)', lines);
  await client.query(`
    UPDATE users SET name = 'Person ' || username, bio = 'Reads, writes and answers to ' || username || ' on most days.',
      posts_count = (SELECT count(*) FROM posts WHERE author_id = users.id)`);
  await client.end();
}

async function writeActivities(
  services: INestApplicationContext,
  posts: Post[],
  audiences: Map<Id, Id[]>,
): Promise<number> {
  const router = services.get(ShardRouter);
  let written = 0;
  await Promise.all(
    router.shards.map(async (shard) => {
      const client = await shard.dedicatedClient();
      const tail = ({ id, author }: Post) =>
        `\t${STREAMS.friends}\t${id}\t${codeOfKind('post')}\t${author}\t${id}\n`;
      function* lines() {
        for (const post of posts) {
          const end = tail(post);
          for (const recipient of audiences.get(post.author)!) {
            if (router.shardOf(recipient) !== shard) continue;
            written++;
            yield recipient + end;
          }
        }
      }
      await copyLines(
        client,
        'activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)',
        lines(),
      );
      await client.end();
    }),
  );
  return written;
}

async function vacuum(services: INestApplicationContext): Promise<void> {
  for (const database of [services.get(PrimaryDatabase).database, ...services.get(ShardRouter).shards]) {
    const client = await database.dedicatedClient();
    await client.query('VACUUM (ANALYZE)');
    await client.end();
  }
}
