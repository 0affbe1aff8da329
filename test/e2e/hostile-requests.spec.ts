import type { OpenAPIObject } from '@nestjs/swagger';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeApi } from '../../src/app/openapi.js';
import { Sessions } from '../../src/auth/sessions.js';
import { Tokens } from '../../src/auth/tokens.js';
import { JwtService } from '@nestjs/jwt';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Client } from '../support/client.js';
import { type HostileRequest, HostileRequests } from '../support/hostile-requests.js';
import type { Target } from '../support/hostile-values.js';
import { type RawAnswer, RawHttp } from '../support/raw-http.js';
import { headsOf, type Route, routesOf } from '../support/routes.js';
import { TestApp } from '../support/test-app.js';

const SEED = 20_260_101;
const PER_ROUTE = 500;
/** The files of the documentation pages, which a plugin of Fastify's serves. */
const PER_FILE = 50;
/** So many requests come from one attacker; then another takes over, should the first have logged out or closed the account. */
const PER_ATTACKER = 25;
const AT_ONCE = 24;

const STACK_OR_SQL =
  /\n\s+at |\.[cm]?[jt]s:\d|node_modules|\/src\/|\/dist\/|QueryFailed|syntax error|invalid input|violates|relation "|ECONN/i;
const PROBLEM_MEMBERS = ['type', 'title', 'status', 'detail', 'requestId', 'errors'];

describe(`${PER_ROUTE} hostile requests to every route`, () => {
  let app: TestApp;
  let raw: RawHttp;
  let victim: Client;
  let target: Target;
  let secrets: string[];
  let before: unknown;
  let requests: HostileRequests;
  let admin: Client;
  let api: OpenAPIObject;

  beforeAll(async () => {
    app = await TestApp.start();
    raw = new RawHttp(app.url);
    ({ victim, target, secrets } = await prepareVictim(app));
    admin = await app.admin('root');
    api = describeApi(app.app);
    requests = new HostileRequests(target, (route) => bodyDto(api, route));
    before = await stateOf(app, target);
  });
  afterAll(async () => {
    raw.close();
    await app.stop();
  });

  /** What is wrong with an answer; empty when nothing is. */
  const faultsOf = (answer: RawAnswer, { method, path, body }: HostileRequest): string[] => {
    const { status, headers, text } = answer;
    const sent = path + (body?.toString() ?? '');
    const told = secrets.filter((secret) => text.includes(secret) && !sent.includes(secret));
    const faults = told.map((secret) => `tells ${secret}`);
    if (status >= 500) faults.push('is a 5xx');
    if (status < 400 || method === 'HEAD') return faults;
    const inside = STACK_OR_SQL.exec(text)?.[0];
    if (inside) faults.push(`shows its inside: ${inside}`);
    if (!String(headers['content-type']).startsWith('application/problem+json'))
      faults.push('is no problem+json');
    else faults.push(...problemFaults(answer));
    return faults;
  };

  const isTurnedAway = ({ status, text }: RawAnswer): boolean =>
    status === 503 && text.includes('urn:sluice:problem:overloaded');

  /** @returns each kind of fault once, with a request that brought it about */
  const attack = async (route: Route, seed: number): Promise<Map<string, string>> => {
    const limit = pLimit(AT_ONCE);
    const faults = new Map<string, string>();
    const count = route.path.startsWith('/docs/') ? PER_FILE : PER_ROUTE;
    for (let start = 0; start < count; start += PER_ATTACKER) {
      const attacker = await app.user(`mallory-${seed}-${start}`);
      const tokens = route.path.includes('/admin') ? [attacker.token!, admin.token!] : [attacker.token!];
      const mayEnter = tokens.map((token) => `Bearer ${token}`);
      const drawn = requests.draw(route, PER_ATTACKER, SEED + seed * PER_ROUTE + start, tokens);
      const sendAll = () => Promise.all(drawn.map((request) => limit(() => raw.send(request))));
      // A machine that stands still for a second makes the process turn requests away; one of them that keeps it busy does so again.
      for (const isLastTry of [false, true]) {
        const answers = await sendAll();
        for (const [index, answer] of answers.entries()) {
          if (isTurnedAway(answer) && !isLastTry) continue;
          const request = drawn[index]!;
          const found = faultsOf(answer, request);
          const isLetIn = answer.status < 400 && !mayEnter.includes(String(request.headers.authorization));
          if (isLetIn && isGuarded(api, route)) found.push('lets in whoever has no token');
          for (const fault of found) faults.set(fault, describeExchange(request, answer));
        }
        if (!answers.some(isTurnedAway)) break;
      }
    }
    return faults;
  };

  it('is answered without a 5xx, a glimpse of the inside or of anyone else', async () => {
    const routes = [...routesOf(app.app), ...headsOf(api)];
    expect(routes.length).toBeGreaterThan(25);
    const faults = new Map<string, string>();
    for (const [index, route] of routes.entries()) {
      for (const [fault, request] of await attack(route, index)) {
        faults.set(`${route.method} ${route.path} ${fault}`, request);
      }
    }
    expect(Object.fromEntries(faults)).toEqual({});
  }, 600_000);

  it.each([
    ['no request', 'hello\r\n\r\n'],
    ['no version', 'GET /v1/me\r\n\r\n'],
    ['a bent header', 'GET /v1/me HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n'],
    ['a NUL in a header', 'GET /v1/me HTTP/1.1\r\nHost: x\r\nx: a\0b\r\n\r\n'],
    ['two lengths', 'POST /v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}'],
    [
      'a length and chunks',
      'POST /v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a bent chunk', 'POST /v1/posts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['headers without end', `GET /v1/me HTTP/1.1\r\nHost: x\r\nx: ${'x'.repeat(100_000)}`],
    ['a path without end', `GET /${'x'.repeat(100_000)}`],
  ])('answers %s with a problem as well', async (_, bytes) => {
    const [head, body] = (await raw.sendBytes(bytes)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(body!)).toMatchObject({ type: expect.stringMatching(/^urn:sluice:problem:/) });
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
  ])('takes no body of %s', async (type) => {
    const body = Buffer.from('{"body":"hello"}');
    const headers = { 'content-type': type, authorization: `Bearer ${victim.token}` };
    const { status, text } = await raw.send({ method: 'POST', path: '/v1/posts', headers, body });
    expect({ status, ...JSON.parse(text) }).toMatchObject({
      status: 415,
      type: 'urn:sluice:problem:unsupported-media-type',
    });
  });

  it('leaves the victim as they were, and nobody with more rights', async () => {
    for (const which of ['', '?shard=0', '?shard=1']) await admin.post(`/v1/admin/gate/open${which}`);
    await app.drained();
    expect(await stateOf(app, target)).toEqual(before);
    const admins = await change(app, `SELECT username FROM users WHERE role = 'admin'`, []);
    expect(admins).toEqual([{ username: 'root' }]);
    expect((await victim.get('/v1/me')).body).toMatchObject({ name: 'Vic', bio: 'leave me alone' });
    const { status } = await app.anonymous().post('/v1/auth/refresh', { refreshToken: target.refreshToken });
    expect(status).toBe(200);
  });
});

function problemFaults({ status, text }: RawAnswer): string[] {
  const body = JSON.parse(text) as Record<string, unknown>;
  const unknown = Object.keys(body).filter((name) => !PROBLEM_MEMBERS.includes(name));
  const isProblem = String(body.type).startsWith('urn:sluice:problem:') && body.status === status;
  const isTold = [body.title, body.detail, body.requestId].every((member) => typeof member === 'string');
  return isProblem && isTold && unknown.length === 0 ? [] : ['is a bent problem'];
}

function describeExchange({ method, path, headers, body }: HostileRequest, answer: RawAnswer): string {
  const parts = [path, JSON.stringify(headers), body?.toString() ?? ''].map((part) => part.slice(0, 200));
  return `${method} ${parts.join(' ')} -> ${answer.status} ${answer.text.slice(0, 300)}`;
}

/** The name of the class that a route's body is checked against. */
function bodyDto(api: OpenAPIObject, route: Route): string | undefined {
  return /"requestBody":.*?"#\/components\/schemas\/(\w+)"/.exec(description(api, route))?.[1];
}

function isGuarded(api: OpenAPIObject, route: Route): boolean {
  return /"x-access":"(user|admin)"/.test(description(api, route));
}

function description(api: OpenAPIObject, { method, path }: Route): string {
  const operations = api.paths[path.replace(/:(\w+)/g, '{$1}')] as Record<string, unknown> | undefined;
  return JSON.stringify(operations?.[method.toLowerCase()] ?? {});
}

async function change(app: TestApp, text: string, parameters: unknown[]): Promise<unknown[]> {
  return app
    .get(PrimaryDatabase)
    .query({ name: `test_${text.length}_${text.slice(0, 20)}`, text }, parameters);
}

/** Somebody with a profile, a post, relationships, a mark, a repeatable request, and secrets. */
async function prepareVictim(app: TestApp): Promise<{ victim: Client; target: Target; secrets: string[] }> {
  const victim = await app.signUp('victim', 'a password that nobody guesses');
  const friend = await app.user('bystander');
  await victim.patch('/v1/me', { name: 'Vic', bio: 'leave me alone' });
  await victim.follow(friend);
  await friend.follow(victim);
  const idempotencyKey = 'the-key-of-the-victim';
  const post = await victim.post('/v1/posts', { body: 'mine' }, { 'idempotency-key': idempotencyKey });
  await app.drained();
  const [notification] = (await victim.get('/v1/notifications')).body.data;
  await victim.post('/v1/notifications/read', { upTo: notification.id });
  const { accessToken, refreshToken } = await app.get(Sessions).open(victim.id);
  const { sessionId } = app.get(Tokens).verifyAccess(accessToken)!;
  const expiredToken = app.get(JwtService).sign({ sub: victim.id, sid: sessionId, iat: 1_700_000_000 });
  const [hash] = await change(app, 'SELECT password_hash FROM users WHERE id = $1', [victim.id]);
  const target = {
    userId: victim.id,
    username: 'victim',
    postId: post.body.id,
    notificationId: notification.id,
    sessionId,
    refreshToken,
    expiredToken,
    idempotencyKey,
  };
  const { password_hash: passwordHash } = hash as { password_hash: string };
  return {
    victim,
    target,
    secrets: ['victim@example.org', passwordHash, victim.token!, accessToken, refreshToken],
  };
}

/** Everything that is the victim's own, column by column; how often others love a post or pass it on is theirs. */
async function stateOf(app: TestApp, { userId }: Target): Promise<unknown> {
  const owners = {
    users: 'id',
    posts: 'author_id',
    loves: 'user_id',
    relationships: 'owner_id',
    notification_marks: 'user_id',
    idempotency_keys: 'user_id',
    sessions: 'user_id',
  };
  const parts = Object.entries(owners).map(async ([table, column]) => {
    const text = `SELECT to_jsonb(t) - '{comments_count,loves_count,reposts_count}'::text[] AS row FROM ${table} AS t WHERE ${column} = $1 ORDER BY to_jsonb(t)::text`;
    return [table, await change(app, text, [userId])] as const;
  });
  return Object.fromEntries(await Promise.all(parts));
}
