import { existsSync } from 'node:fs';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphImport } from '../../src/ops/graph-import.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { compareIds, type Id } from '../../src/platform/ids/ids.js';
import { TestApp } from '../support/test-app.js';

const GRAPH = '../shared/data/graphs/soc-Epinions1_directed.tsv.gz';
const AUTHORS = 50;
const READERS = 200;
/** Smaller than many of the audiences, and larger than others, so that both ways of delivering are taken. */
const CHUNK_SIZE = 1_000;
const PAGE_SIZE = 7;

const isThere = existsSync(GRAPH);
if (!isThere)
  process.stderr.write(`Skipped: ${GRAPH} is not there; ../shared/data/README.md says what it is.\n`);

/** 75,879 people and 508,837 follows of the Epinions network (SNAP); its 50 most followed members post once each. */
describe.skipIf(!isThere)('a real graph', () => {
  let app: TestApp;
  /** Post → its author, and author → their followers, as the relationships say. */
  const authorOf = new Map<Id, Id>();
  const followersOf = new Map<Id, Id[]>();

  beforeAll(async () => {
    app = await TestApp.start({ FANOUT_CHUNK_SIZE: String(CHUNK_SIZE) });
    const options = { file: GRAPH, prefix: 'n', undirected: false, kind: 'friend' as const };
    const imported = await app.get(GraphImport).run(options);
    expect(imported).toEqual({ users: 75_879, edges: 508_837, follows: 508_837 });
    for (const { id, followers } of await mostFollowed(app)) followersOf.set(id, followers);
  }, 120_000);
  afterAll(() => app.stop());

  it('takes a post of each author, and delivers it', async () => {
    const sizes = [...followersOf.values()].map((followers) => followers.length);
    expect(sizes).toHaveLength(AUTHORS);
    expect(Math.max(...sizes)).toBe(3_035);
    expect(Math.min(...sizes), 'one chunk is enough for some').toBeLessThan(CHUNK_SIZE);
    for (const author of followersOf.keys()) {
      const { status, body } = await (await app.clientOf(author)).post('/v1/posts', { body: `By ${author}` });
      expect(status).toBe(201);
      authorOf.set(body.id, author);
    }
    await app.drained(60_000);
  }, 90_000);

  it('puts each post into the feeds of its followers, and of nobody else', async () => {
    const expected = new Set<string>();
    for (const [post, author] of authorOf)
      for (const follower of followersOf.get(author)!) expected.add(row(follower, 1, post, 1, author, post));
    const found: string[] = [];
    for (const shard of app.get(ShardRouter).shards) {
      const { rows } = await shard.pool.query<[Id, number, Id, number, Id, Id]>({
        text: 'SELECT recipient_id, stream, entry_id, kind, actor_id, subject_id FROM activities',
        rowMode: 'array',
      });
      expect(rows.length, `${shard.name} holds about half`).toBeGreaterThan(expected.size / 3);
      for (const columns of rows) found.push(row(...columns));
    }
    const unique = new Set(found);
    expect(found.length - unique.size, 'rows that are there twice').toBe(0);
    expect(
      [...expected].filter((key) => !unique.has(key)),
      'rows that are missing',
    ).toEqual([]);
    expect(
      [...unique].filter((key) => !expected.has(key)),
      'rows too many',
    ).toEqual([]);
  });

  it('has a receipt for each post that adds up', async () => {
    const receipts = await app.get(PrimaryDatabase).query<Record<string, unknown>>({
      name: 'test_receipts',
      text: 'SELECT post_id, author_id, state, expected, written, skipped, chunks, chunks_done FROM fanouts',
    });
    expect(receipts).toHaveLength(AUTHORS);
    for (const receipt of receipts) {
      const author = authorOf.get(receipt.post_id as Id)!;
      const size = followersOf.get(author)!.length;
      const chunks = Math.max(1, Math.ceil(size / CHUNK_SIZE));
      expect(receipt).toMatchObject({ author_id: author, state: 'done', expected: size, written: size });
      expect(receipt).toMatchObject({ skipped: 0, chunks, chunks_done: chunks });
    }
  });

  it('shows exactly those posts, newest first, to whoever reads page by page', async () => {
    const feeds = new Map<Id, Id[]>();
    for (const [post, author] of authorOf)
      for (const follower of followersOf.get(author)!)
        feeds.set(follower, [...(feeds.get(follower) ?? []), post]);
    const readers = await drawReaders(app, [...feeds.keys()]);
    expect(readers).toHaveLength(READERS);
    const limit = pLimit(8);
    const read = async (reader: Id) => {
      const client = await app.clientOf(reader);
      const entries = await client.all(`/v1/feeds/friends?limit=${PAGE_SIZE}`);
      const wanted = feeds.get(reader)!.sort((a, b) => compareIds(b, a));
      expect(
        entries.map((entry) => [entry.id, entry.post.author.id]),
        `the feed of ${reader}`,
      ).toEqual(wanted.map((post) => [post, authorOf.get(post)]));
      expect((await client.get('/v1/feeds/noise')).body.data).toEqual([]);
      return entries.length;
    };
    const sizes = await Promise.all(readers.map((reader) => limit(read, reader)));
    expect(Math.max(...sizes), 'some feeds have several pages').toBeGreaterThan(2 * PAGE_SIZE);
  });
});

const row = (...columns: (Id | number)[]): string => columns.join(' ');

async function mostFollowed(app: TestApp): Promise<{ id: Id; followers: Id[] }[]> {
  return app.get(PrimaryDatabase).query<{ id: Id; followers: Id[] }>({
    name: 'test_most_followed',
    text: `SELECT subject_id AS id, array_agg(owner_id) AS followers FROM relationships
           GROUP BY subject_id ORDER BY count(*) DESC, subject_id LIMIT ${AUTHORS}`,
  });
}

/** The same people in every run, because their names are: ids differ from run to run. */
async function drawReaders(app: TestApp, from: Id[]): Promise<Id[]> {
  const statement = {
    name: 'test_draw_readers',
    text: `SELECT id FROM users WHERE id = ANY ($1::bigint[]) ORDER BY md5('seed 1 ' || username) LIMIT ${READERS}`,
  };
  return (await app.get(PrimaryDatabase).query<{ id: Id }>(statement, [from])).map(({ id }) => id);
}
