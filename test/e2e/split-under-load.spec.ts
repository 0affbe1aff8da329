import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MoveView } from '../../src/ops/shard-moves.js';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from '../support/client.js';
import { importFollowers } from '../support/followers.js';
import { ProductProcess } from '../support/processes.js';
import { leftovers } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const FOLLOWERS = 400;
const READERS = 6;
const POSTERS = 3;
const BEFORE = 30;

interface Rows {
  id: Id;
  rows: number;
  people: number;
}

/** A shard is split and the split taken back, while people post, delete, follow, love and read as fast as they can. */
describe('a split under full load', () => {
  let app: TestApp;
  let server: ProductProcess;
  const workers: ProductProcess[] = [];
  let shards: pg.Client[];
  let author: Client;
  let readers: Client[];
  /** What was accepted and is there, by the author whom everybody follows. */
  const accepted = new Set<Id>();
  /** What somebody is deleting, or has deleted; and what is known to be deleted. */
  const doomed = new Set<Id>();
  const deleted = new Set<Id>();
  const loves = new Set<string>();

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http', FANOUT_CHUNK_SIZE: '50' });
    server = await ProductProcess.start('main', { ...app.environment, ROLES: 'http' });
    for (let i = 0; i < 2; i++) workers.push(await ProductProcess.start('worker', app.environment));
    const added = await ProductProcess.run('cli', app.environment, ['shards', 'add', '--json']);
    expect(added.code, added.stderr).toBe(0);
    expect(JSON.parse(added.stdout)).toMatchObject({ shard: 2, name: 'shard-2' });
    const urls = app.environment.ACTIVITY_SHARD_URLS!.split(',');
    const place = urls[1]!.replace(/shard_1$/, 'shard_2');
    expect(added.stdout).toContain(new URL(place).pathname);
    expect(added.stdout + added.stderr).not.toContain(new URL(place).password);
    shards = await Promise.all([...urls, place].map(connectTo));
    author = await app.user('author');
    await importFollowers(app.environment, 'author', FOLLOWERS);
    readers = await Promise.all(Array.from({ length: READERS }, (_, index) => app.user(`reader${index}`)));
    for (const reader of readers) expect((await reader.follow(author)).status).toBe(200);
    for (let i = 0; i < BEFORE; i++) await post(author);
    await app.drained();
  });
  afterAll(async () => {
    await Promise.all([server, ...workers].map((process) => process.stop()));
    await Promise.all(shards.map((shard) => shard.end()));
    await app.stop();
  });

  /** Through either process that serves HTTP. */
  const elsewhere = (client: Client): Client => server.client(client.token, client.id);

  const post = async (client: Client) => {
    const { status, body } = await client.post('/v1/posts', { body: 'under load' });
    expect(status).toBe(201);
    accepted.add(body.id);
  };
  const remove = async (client: Client, id: Id) => {
    accepted.delete(id);
    doomed.add(id);
    expect((await client.delete(`/v1/posts/${id}`)).status).toBe(204);
    deleted.add(id);
  };
  /** Every page holds what had been accepted before it was asked for, in order, and nothing that had been deleted. */
  const read = async (reader: Client) => {
    const expected = [...accepted];
    const gone = new Set(deleted);
    const { status, body } = await reader.get('/v1/feeds/friends?limit=100');
    expect(status, JSON.stringify(body)).toBe(200);
    const ids = (body.data as { id: Id }[]).map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1)));
    expect(ids.filter((id) => gone.has(id))).toEqual([]);
    const oldest = ids.length === 100 ? BigInt(ids.at(-1)!) : 0n;
    const found = new Set(ids);
    const missing = expected.filter((id) => BigInt(id) >= oldest && !found.has(id) && !doomed.has(id));
    expect(missing).toEqual([]);
  };
  const love = async (reader: Client) => {
    const id = [...accepted][loves.size % BEFORE]!;
    expect((await reader.put(`/v1/posts/${id}/love`)).status).toBeLessThan(300);
    loves.add(`${reader.id} ${id}`);
  };

  const underLoad = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    let going = true;
    const forever = async (act: (turn: number) => Promise<void>) => {
      for (let turn = 0; going; turn++) await act(turn);
    };
    const running = [
      ...Array.from({ length: POSTERS }, (_, index) =>
        forever(async (turn) => {
          const client = (turn + index) % 2 === 0 ? author : elsewhere(author);
          await post(client);
          const late = [...accepted].slice(BEFORE);
          if (turn % 5 === 4 && late.length > 0) await remove(client, late[turn % late.length]!);
        }),
      ),
      ...readers.map((reader, index) =>
        forever(async (turn) => {
          await read((turn + index) % 2 === 0 ? reader : elsewhere(reader));
          if (turn % 10 === 9) await love(reader);
        }),
      ),
    ];
    const watched = Promise.all(running);
    try {
      return await Promise.race([work(), watched.then(() => Promise.reject(new Error('the load ended')))]);
    } finally {
      going = false;
      await watched;
    }
  };

  const shardsCommand = async (...args: string[]): Promise<MoveView> => {
    const run = await ProductProcess.run('cli', app.environment, ['shards', ...args, '--json']);
    expect(run.code, run.stderr).toBe(0);
    return JSON.parse(run.stdout) as MoveView;
  };
  /** How often each recipient has each post of the author, on whichever shard owns them. */
  const rowsAreExact = async () => {
    await app.drained();
    expect(await leftovers(shards)).toEqual([]);
    const text = `SELECT entry_id AS id, count(*)::int AS rows, count(DISTINCT recipient_id)::int AS people
      FROM activities WHERE actor_id = $1 AND stream = 1 GROUP BY 1`;
    const sums = new Map<Id, { rows: number; people: number }>();
    for (const shard of shards)
      for (const { id, rows, people } of (await shard.query<Rows>(text, [author.id])).rows) {
        const before = sums.get(id) ?? { rows: 0, people: 0 };
        sums.set(id, { rows: before.rows + rows, people: before.people + people });
      }
    const everyone = FOLLOWERS + READERS;
    const wrong = [...accepted].filter((id) => {
      const sum = sums.get(id);
      return sum?.rows !== everyone || sum.people !== everyone;
    });
    expect(wrong).toEqual([]);
    expect([...sums.keys()].filter((id) => !accepted.has(id))).toEqual([]);
    const rung = await Promise.all(
      shards.map((shard) =>
        shard.query<{ rows: number }>(
          'SELECT count(*)::int AS rows FROM activities WHERE recipient_id = $1 AND stream = 3 AND actor_id = ANY ($2)',
          [author.id, readers.map(({ id }) => id)],
        ),
      ),
    );
    const follows = readers.length;
    expect(rung.reduce((sum, { rows }) => sum + rows[0]!.rows, 0)).toBe(loves.size + follows);
  };

  it('loses, doubles and hides nothing, there and back and there for good', async () => {
    const moved = await underLoad(() => shardsCommand('split', '--from', '0', '--to', '2'));
    expect(moved).toMatchObject({ state: 'moved', source: 0, target: 2 });
    const back = await underLoad(() => shardsCommand('rollback'));
    expect(back).toMatchObject({ id: moved.id, state: 'returned' });
    await rowsAreExact();

    const again = await underLoad(() => shardsCommand('split', '--from', '1', '--to', '2'));
    expect(again).toMatchObject({ state: 'moved', source: 1, target: 2 });
    expect(await underLoad(() => shardsCommand('finish'))).toMatchObject({ id: again.id, state: 'done' });
    await rowsAreExact();
    for (const reader of readers) await read(reader);
    expect(accepted.size).toBeGreaterThan(BEFORE * 2);
  });
});
