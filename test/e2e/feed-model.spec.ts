import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../bench/harness/random.js';
import { Gate } from '../../src/fanout/gate.js';
import { Sleepers } from '../../src/fanout/sleepers.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import type { RelationshipKind } from '../../src/users/user-view.js';
import type { Client } from '../support/client.js';
import { FeedComparison } from '../support/feed-comparison.js';
import { FeedModel, type ModelPost } from '../support/feed-model.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';
import { Turmoil } from '../support/turmoil.js';

/** How long things go on, in seconds, and from where the dice start. */
const SECONDS = Number(process.env.FEED_MODEL_SECONDS ?? 50);
const SEED = Number(process.env.FEED_MODEL_SEED ?? 20_261_125);
const PEOPLE = 15;
const BACKFILL = 5;
const WORKERS = 2;
const SETTINGS = {
  BACKFILL_POSTS: String(BACKFILL),
  PULL_AUDIENCE: '12',
  DORMANT_AFTER_SECONDS: '3600',
  FANOUT_CHUNK_SIZE: '10',
  FANOUT_CONCURRENCY: '3',
};
const PAGE = 3;
const KINDS = ['friend', 'noise'] as const;

/** One process takes requests; others work, and are killed; gates close and open. */
describe('every feed, whatever happens', () => {
  const random = new Random(SEED);
  const chance = (share: number) => random.next() < share;
  const oneOf = <T>(list: readonly T[]): T => random.pick(list);

  const model = new FeedModel(BACKFILL);
  const told: string[] = [];
  const names = new Map<Id, string>();
  let app: TestApp;
  let primary: pg.Client;
  let shards: pg.Client[] = [];
  let comparison: FeedComparison;
  let turmoil: Turmoil;
  let joined = 0;
  let people: Client[] = [];
  let workers: Promise<ProductProcess>[] = [];
  let star: Client | undefined;
  /** The gates that are closed. */
  const closed: { shard?: number }[] = [];

  beforeAll(async () => {
    app = await TestApp.start({ ...SETTINGS, ROLES: 'http' });
    await app.get(MirrorRebuild).run();
    primary = await connectTo(app.environment.DATABASE_URL!);
    shards = await Promise.all(app.environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
    turmoil = new Turmoil(primary);
    comparison = new FeedComparison(model, primary, shards, fail);
    for (let i = 0; i < PEOPLE; i++) await join();
    workers = Array.from({ length: WORKERS }, () => startWorker());
  });
  afterAll(async () => {
    for (const worker of workers) await (await worker).stop();
    await Promise.all([primary, ...shards].map((client) => client.end()));
    await app.stop();
  });

  const startWorker = () => ProductProcess.start('worker', app.environment);
  const join = async () => {
    const person = await app.user(`person${joined}`);
    names.set(person.id, `p${joined++}`);
    people.push(person);
  };
  const name = (id: Id) => names.get(id) ?? id;
  const others = (person: Client) => people.filter((other) => other !== person);
  const query = async <Row extends pg.QueryResultRow>(text: string, parameters: unknown[] = []) =>
    (await primary.query<Row>(text, parameters)).rows;

  const say = (text: string) => void told.push(`${told.length} ${text}`);
  const fail = (what: string): never => {
    const last = told.slice(-60).join('\n  ');
    throw new Error(
      `${what}\nFEED_MODEL_SEED=${SEED}, after ${told.length} steps, the last of which:\n  ${last}`,
    );
  };

  const relate = async (owner: Client, subject: Client, kind: RelationshipKind | null) => {
    const before = model.kind(owner.id, subject.id);
    const path = `/v1/relationships/${subject.id}`;
    const { status } = await (kind ? owner.put(path, { kind }) : owner.delete(path));
    say(`${name(owner.id)} ${kind ?? 'leaves'} ${name(subject.id)}: ${status}`);
    const isRefused = kind !== null && kind !== 'block' && model.kind(subject.id, owner.id) === 'block';
    if (isRefused && kind !== before) {
      expect(status).toBe(404);
      return;
    }
    expect(status).toBeLessThan(300);
    const [latest, earliest] = model.floors(subject.id);
    const rows = await query<{ floor: string }>(
      'SELECT floor FROM relationships WHERE owner_id = $1 AND subject_id = $2',
      [owner.id, subject.id],
    );
    const floor = BigInt(rows[0]?.floor ?? 0);
    const begins = (kind === 'friend' || kind === 'noise') && before !== 'friend' && before !== 'noise';
    if (begins && (floor > latest || floor < earliest)) fail(`A follow begins at ${floor}, not ${latest}.`);
    model.set(owner.id, subject.id, kind, floor);
  };

  const publish = async (author: Client, path: string, body: object, post: Partial<ModelPost> = {}) => {
    const answer = await author.post(path, body);
    if (answer.status !== 200 && answer.status !== 201)
      fail(`${name(author.id)} ${JSON.stringify(body)} ${path}: ${JSON.stringify(answer.body)}`);
    const { id } = answer.body as { id: Id };
    names.set(id, `${name(author.id)}'s post ${id}`);
    say(`${name(id)} ${JSON.stringify(body)} ${path}`);
    model.publish({ id, author: author.id, isComment: false, plainRepostOf: undefined, ...post });
  };

  /** A post that somebody may see, of late. */
  const visibleTo = (person: Client): ModelPost | undefined => {
    const posts = model.posts
      .slice(-40)
      .filter((post) => model.isThere(post) && model.original(post) !== null);
    return oneOf(posts.filter((post) => !model.isHidden(person.id, post.author)));
  };

  const repost = async (person: Client) => {
    const post = visibleTo(person);
    const original = post && (model.original(post) === undefined ? post : model.original(post));
    if (!post || !original || model.isHidden(person.id, original.author)) return;
    if (chance(0.3)) return publish(person, `/v1/posts/${post.id}/repost`, { body: 'look' });
    await publish(person, `/v1/posts/${post.id}/repost`, {}, { plainRepostOf: original.id });
  };

  const comment = async (person: Client) => {
    const post = visibleTo(person);
    if (post) await publish(person, '/v1/posts', { body: 'well', commentOn: post.id }, { isComment: true });
  };

  const remove = async (person: Client) => {
    const mine = model.posts.filter((post) => post.author === person.id && model.isThere(post)).slice(-8);
    const post = mine.length > 0 ? oneOf(mine) : undefined;
    if (!post || model.original(post) === null) return;
    const { status } = await person.delete(`/v1/posts/${post.id}`);
    say(`${name(post.id)} is deleted`);
    expect(status).toBe(204);
    post.isDeleted = true;
  };

  /** Somebody leaves for good, and somebody else comes. */
  const replace = async (person: Client) => {
    if (people.length < PEOPLE) return;
    say(`${name(person.id)} deletes their account`);
    expect((await person.delete('/v1/me')).status).toBe(204);
    model.leave(person.id);
    people = others(person);
    if (star === person) star = undefined;
    await join();
  };

  /** Everybody in turn begins to follow one, or ceases to: they cross what makes an author pulled, both ways. */
  const crowd = async (author: Client, comes: boolean) => {
    for (const person of others(author)) {
      const kind = model.kind(person.id, author.id);
      if (KINDS.some((one) => one === kind) !== comes)
        await relate(person, author, comes ? oneOf(KINDS) : null);
    }
    await publish(author, '/v1/posts', { body: 'to all of you' });
  };

  const sleep = async (person: Client) => {
    const long = `now() - interval '1 year'`;
    await query(
      `INSERT INTO feed_reads VALUES ($1, ${long}) ON CONFLICT (user_id) DO UPDATE SET read_at = ${long}`,
      [person.id],
    );
    await app.get(Sleepers).walk();
    await app.get(Sleepers).walk();
    const asleep = await query('SELECT FROM sleepers WHERE user_id = $1', [person.id]);
    say(`${name(person.id)} falls asleep: ${asleep.length}`);
  };

  /** Opens the gates that are closed, or else closes one, all shards' or one's. */
  const turnGate = async () => {
    const gate = app.get(Gate);
    if (closed.length > 0) {
      for (const where of closed.splice(0)) await gate.open('model', where);
      turmoil.note('a gate opened');
      say('the gate opens');
      return;
    }
    const where: { shard?: number } = oneOf([{}, { shard: 0 }, { shard: 1 }]);
    say(`the gate ${where.shard ?? ''} closes`);
    await gate.close({ reason: 'model', by: 'model', ...where }).then(
      () => {
        closed.push(where);
        turmoil.note('a gate closed');
      },
      (error: unknown) => say(String(error)),
    );
  };

  const killWorker = async () => {
    const number = random.below(workers.length);
    const victim = await workers[number]!;
    victim.kill('SIGKILL');
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
    say('a worker is killed');
    turmoil.note('a worker was killed');
    workers[number] = startWorker();
  };

  const acts: [weight: number, act: (person: Client) => Promise<unknown>][] = [
    [40, (person) => publish(person, '/v1/posts', { body: 'hello' })],
    [30, (person) => relate(person, oneOf(others(person)), oneOf(KINDS))],
    [9, (person) => relate(person, oneOf(others(person)), null)],
    [2, (person) => relate(person, oneOf(others(person)), 'mute')],
    [2, (person) => relate(person, oneOf(others(person)), 'block')],
    [8, (person) => again(person)],
    [8, remove],
    [10, repost],
    [5, comment],
    [0.4, replace],
    [2, sleep],
    [12, (person) => check(person)],
  ];
  const total = acts.reduce((sum, [weight]) => sum + weight, 0);
  const step = async (number: number) => {
    if (number % 25 === 12) return turnGate();
    if (number % 60 === 30) return killWorker();
    if (number % 100 === 20) return crowd((star = oneOf(people)), true);
    if (number % 100 === 70) return crowd(star ?? oneOf(people), false);
    let left = random.next() * total;
    const act = acts.find(([weight]) => (left -= weight) < 0)![1];
    await act(oneOf(people));
  };

  /** Somebody ceases to follow somebody and follows them again at once, when some posts have come since or not. */
  const again = async (person: Client) => {
    const followed = others(person).filter((other) =>
      KINDS.some((kind) => kind === model.kind(person.id, other.id)),
    );
    if (followed.length === 0) return;
    const other = oneOf(followed);
    await relate(person, other, null);
    if (chance(0.5)) await publish(other, '/v1/posts', { body: 'meanwhile' });
    await relate(person, other, oneOf(KINDS));
  };

  const check = async (reader: Client) => {
    await turmoil.notePulled();
    await comparison.feeds(reader, PAGE);
    say(`${name(reader.id)} reads`);
  };

  it(
    `holds page by page what a plain model of the whole history says (seed ${SEED})`,
    async () => {
      const end = performance.now() + SECONDS * 1_000;
      // On a slow machine it goes on until everything has happened, for four times as long at most.
      const goesOn = () =>
        performance.now() < end ||
        (turmoil.missing().length > 0 && performance.now() < end + SECONDS * 3_000);
      for (let number = 0; goesOn(); number++) await step(number);
      if (turmoil.missing().length > 0) fail(`It was too quiet: ${turmoil.summary()}.`);
      for (const where of closed) await app.get(Gate).open('model', where);
      for (const reader of people) await check(reader);
      await app.drained(90_000).catch(async () => {
        const rows = await query('SELECT * FROM outbox ORDER BY id LIMIT 20');
        fail(`The outbox does not run empty: ${JSON.stringify(rows)}`);
      });
      for (const reader of people) await check(reader);
      await app.drained(30_000);
      await comparison.rows(people);
    },
    SECONDS * 4_000 + 180_000,
  );
});
