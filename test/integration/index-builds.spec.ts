import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACTIVITY_INDEXES } from '../../src/activities/activity-table.js';
import { ActivityStore } from '../../src/activities/activity-store.js';
import { Gate } from '../../src/fanout/gate.js';
import { type BuildView, IndexBuilds, type IndexRequest } from '../../src/ops/index-builds.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const PATIENCE = { timeout: 30_000, interval: 20 };
const by = 'a test';

let app: TestApp;
let builds: IndexBuilds;
let shards: pg.Client[];

beforeAll(async () => {
  app = await TestApp.start();
  builds = app.get(IndexBuilds);
  shards = await Promise.all(app.environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
  const recipients = Array.from({ length: 2_000 }, (_, number) => ({
    id: String(number + 1),
    stream: 'friends' as const,
  }));
  for (let entry = 1; entry <= 5; entry++) {
    const entryId = String(entry);
    await app
      .get(ActivityStore)
      .write({ kind: 'post', entryId, actorId: '7', subjectId: entryId }, recipients);
  }
});
afterAll(async () => {
  await Promise.all(shards.map((shard) => shard.end()));
  await app.stop();
});

const run = async (request: Omit<IndexRequest, 'by'>): Promise<BuildView> => {
  const { id, finished } = await builds.start({ ...request, by });
  await finished;
  return builds.find(id);
};
const statesOf = (build: BuildView) => build.shards.map(({ state }) => state);

/** The definitions of the index of this name on each shard, and of its parts on partitions, with whether each is valid. */
const indexesCalled = (name: string) =>
  Promise.all(
    shards.map(async (shard) => {
      const { rows } = await shard.query<{ definition: string; valid: boolean }>(
        `SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid AS valid FROM pg_index JOIN pg_class ON oid = indexrelid
         WHERE starts_with(relname, $1) ORDER BY relname`,
        [name],
      );
      return rows;
    }),
  );
const existsNowhere = async (name: string) => expect(await indexesCalled(name)).toEqual([[], []]);

/** Keeps the table (one of its partitions, if it has any) from being indexed until it is released, as a writer does. */
const holdTable = async (shard: pg.Client) => {
  const { rows } = await shard.query<{ name: string }>(
    `SELECT coalesce(max(relid::regclass::text), 'activities') AS name FROM pg_partition_tree('activities') WHERE isleaf`,
  );
  await shard.query('BEGIN');
  await shard.query(`LOCK TABLE ${rows[0]!.name} IN ROW EXCLUSIVE MODE`);
  return () => shard.query('COMMIT');
};

const whenBuilding = (id: string, shard: number) =>
  expect.poll(async () => (await builds.find(id)).shards[shard]!.state, PATIENCE).toBe('running');

describe('an index of the activities', () => {
  it.each([false, true])(
    'is built on every shard as it was asked for (concurrently: %s)',
    async (concurrently) => {
      const name = concurrently ? 'made_openly' : 'made_quietly';
      const request = {
        name,
        concurrently,
        columns: ['actor_id', 'entry_id desc'],
        include: ['kind'],
        where: 'stream = 1 AND kind IN (1, 2)',
      };
      const { findings } = await builds.plan({ ...request, by });
      expect(findings.map(({ finding }) => finding)).toEqual(['absent', 'absent']);
      await existsNowhere(name);

      const build = await run(request);
      expect(build).toMatchObject({ state: 'done', action: 'build', name, requestedBy: by, gate: null });
      expect(statesOf(build)).toEqual(['done', 'done']);
      for (const [whole, ...parts] of await indexesCalled(name)) {
        expect(whole!.definition).toMatch(/\(actor_id, entry_id DESC\) INCLUDE \(kind\) WHERE .*stream = 1/);
        expect([whole, ...parts].every((index) => index!.valid)).toBe(true);
      }
      expect((await app.get(Gate).status()).state).toBe('open');

      expect(statesOf(await run(request))).toEqual(['present', 'present']);
      const other = run({ ...request, include: [] });
      await expect(other).rejects.toMatchObject({ key: 'index-conflict' });

      expect(statesOf(await run({ drop: name, concurrently }))).toEqual(['done', 'done']);
      await existsNowhere(name);
      await expect(run({ drop: name })).rejects.toMatchObject({ key: 'not-found' });
    },
  );

  it('is built on one shard alone, and the rest later', async () => {
    const request = { columns: ['actor_id'], name: 'in_two_steps' };
    expect(statesOf(await run({ ...request, shards: [1] }))).toEqual(['done']);
    expect((await indexesCalled('in_two_steps')).map((found) => found.length > 0)).toEqual([false, true]);
    expect(statesOf(await run(request))).toEqual(['done', 'present']);
  });

  it('keeps what writes behind the gate while it is built, lets reading go on, and loses nothing', async () => {
    const author = await app.user('author');
    const reader = await app.user('reader');
    await reader.follow(author);
    await app.drained();
    const release = await Promise.all(shards.map(holdTable));
    const { id, finished } = await builds.start({ columns: ['subject_id'], name: 'under_writes', by });
    await whenBuilding(id, 0);
    await whenBuilding(id, 1);
    const posts: string[] = [];
    for (let post = 0; post < 5; post++)
      posts.push((await author.post('/v1/posts', { body: `number ${post}` })).body.id);
    await expect.poll(async () => (await builds.find(id)).gate?.waiting, PATIENCE).toBeGreaterThan(0);
    expect((await builds.find(id)).gate).toMatchObject({ state: 'closed', closedBy: by });
    const early = await reader.get('/v1/feeds/friends');
    expect(early.status).toBe(200);
    await Promise.all(release.map((let_go) => let_go()));
    await finished;
    expect(await builds.find(id)).toMatchObject({ state: 'done' });
    await app.drained();
    const feed = await reader.get('/v1/feeds/friends');
    expect(feed.body.data.map((entry: { post: { id: string } }) => entry.post.id)).toEqual(posts.reverse());
  });

  it('is dropped again where it fails, and the report says which shards have it', async () => {
    // A recipient of the second shard has two rows of one stream, one of the first shard has one.
    const { rows } = await shards[1]!.query<{ id: string }>(
      'SELECT max(recipient_id) AS id FROM activities WHERE recipient_id <= 2000',
    );
    const recipient = rows[0]!.id;
    const where = `recipient_id = ${recipient}`;
    for (const concurrently of [false, true]) {
      const name = `failing_${concurrently}`;
      const build = await run({
        columns: ['recipient_id', 'stream'],
        unique: true,
        name,
        where,
        concurrently,
      });
      expect(build.state).toBe('failed');
      expect(statesOf(build)).toEqual(['done', 'failed']);
      expect(build.shards[1]!.detail).toMatch(/unique/);
      expect((await indexesCalled(name)).map((found) => found.length > 0)).toEqual([true, false]);
      expect((await app.get(Gate).status()).state).toBe('open');
    }
  });

  it.each([false, true])('is dropped again when it is aborted (concurrently: %s)', async (concurrently) => {
    const name = `aborted_${concurrently}`;
    const release = await holdTable(shards[1]!);
    const { id, finished } = await builds.start({ columns: ['kind'], name, concurrently, by });
    await expect.poll(async () => (await builds.find(id)).shards[0]!.state, PATIENCE).toBe('done');
    await whenBuilding(id, 1);
    await expect(builds.start({ columns: ['stream'], by })).rejects.toMatchObject({
      key: 'index-build-running',
    });
    if (concurrently)
      await expect.poll(async () => (await indexesCalled(name))[1]!.length, PATIENCE).toBeGreaterThan(1);
    await builds.abort(id, by);
    await release();
    await finished;
    const build = await builds.find(id);
    expect(build.state).toBe('aborted');
    expect(statesOf(build)).toEqual(['done', 'aborted']);
    expect((await indexesCalled(name)).map((found) => found.length > 0)).toEqual([true, false]);
    expect((await app.get(Gate).status()).state).toBe('open');
    expect(await builds.abort(id, by)).toMatchObject({ state: 'aborted' });
  });

  it('is not built behind a gate that somebody else has closed', async () => {
    await app.get(Gate).close({ reason: 'a test', by: 'somebody else' });
    const build = await run({ columns: ['entry_id'], name: 'never' });
    expect(build).toMatchObject({ state: 'failed', detail: expect.stringMatching(/somebody else/) });
    expect(statesOf(build)).toEqual(['waiting', 'waiting']);
    expect((await app.get(Gate).status()).state).toBe('closed');
    await app.get(Gate).open(by);
  });

  it('is refused before anything happens when it cannot be', async () => {
    const refused = async (request: Omit<IndexRequest, 'by'>, key: string, words: RegExp) =>
      expect(run(request)).rejects.toMatchObject({ key, message: expect.stringMatching(words) });
    await refused({}, 'invalid-request', /no column/);
    await refused({ columns: ['nothing'] }, 'invalid-request', /no column nothing/);
    await refused({ columns: ['kind'], where: 'nothing = 1' }, 'invalid-request', /no column nothing/);
    await refused({ columns: ['kind'], where: `stream = 'many'` }, 'invalid-request', /many/);
    await refused({ columns: ['kind'], name: 'activities' }, 'index-conflict', /something else/);
    await refused({ columns: ['kind'], shards: [7] }, 'invalid-request', /no shard 7/);
    await refused({ columns: ['kind'], drop: 'in_two_steps' }, 'invalid-request', /name alone/);
    await refused({ drop: '"; DROP TABLE activities; --' }, 'invalid-request', /letters/);
    for (const name of [`x"; DROP TABLE activities; --`, '../x', 'ＡＢ', 'a\0b'])
      await refused({ columns: ['kind'], name }, 'invalid-request', /letters/);
    for (const column of [`kind"); DROP TABLE activities; --`, `kind`.repeat(500), "'", '(kind)'])
      await refused({ columns: [column.replaceAll(' ', '_')] }, 'invalid-request', /no column/);
    expect((await app.get(ActivityStore).page('1', 'friends', undefined, 1)).length).toBe(1);
  });

  it('that the product itself needs is never dropped', async () => {
    const { rows } = await shards[0]!.query<{ name: string }>(
      `SELECT relname AS name FROM pg_index JOIN pg_class ON oid = indexrelid
       WHERE indrelid = 'activities'::regclass AND relname <> ALL ($1)`,
      [(await builds.list()).map(({ name }) => name)],
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([...ACTIVITY_INDEXES].sort());
    for (const { name } of rows)
      await expect(run({ drop: name }), name).rejects.toMatchObject({ key: 'index-conflict' });
  });
});

describe('index builds over HTTP', () => {
  it('are begun, looked at, listed and aborted by admins', async () => {
    const admin = await app.user('root');
    expect((await admin.post('/v1/admin/index-builds', { columns: ['kind'] })).status).toBe(403);
    const primary = await connectTo(app.environment.DATABASE_URL!);
    await primary.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [admin.id]);
    await primary.end();
    const release = await holdTable(shards[0]!);
    const body = { columns: ['actor_id', 'kind desc'], name: 'over_http', reason: 'to see' };
    const started = await admin.post('/v1/admin/index-builds', body);
    expect(started).toMatchObject({
      status: 202,
      body: { state: 'running', name: 'over_http', requestedBy: 'root' },
    });
    const path = `/v1/admin/index-builds/${started.body.id}`;
    await expect.poll(async () => (await admin.get(path)).body.shards[1].state, PATIENCE).toBe('done');
    expect((await admin.get(path)).body).toMatchObject({
      definition: '("actor_id", "kind" DESC)',
      reason: 'to see',
      gate: { state: 'closed', closedBy: 'root' },
    });
    expect((await admin.delete(path)).status).toBe(202);
    await release();
    await expect.poll(async () => (await admin.get(path)).body.state, PATIENCE).toBe('aborted');
    const list = await admin.get('/v1/admin/index-builds');
    expect(list.body.data[0]).toEqual((await admin.get(path)).body);
    expect((await admin.get('/v1/admin/index-builds/1')).status).toBe(404);
    expect((await admin.delete('/v1/admin/index-builds/1')).status).toBe(404);
  });
});
