import { getMetadataStorage } from 'class-validator';
import fc from 'fast-check';
import {
  badTokens,
  BIG,
  CONTENT_TYPES,
  encode,
  HEADERS,
  NASTY,
  NUMBERS,
  PROTOTYPE,
  RAW_BODIES,
  type Target,
} from './hostile-values.js';
import type { Route } from './routes.js';

export interface HostileRequest {
  method: string;
  path: string;
  headers: Record<string, string | string[]>;
  body: Buffer | undefined;
}

/** The properties of each DTO by the name of its class: what a body has to have to get past the first check. */
function dtoProperties(): Map<string, string[]> {
  const { validationMetadatas } = getMetadataStorage() as unknown as {
    validationMetadatas: Map<{ name: string }, { propertyName: string }[]>;
  };
  const found = [...validationMetadatas].filter(([target]) => target.name !== 'Environment');
  return new Map(
    found.map(([{ name }, rules]) => [name, [...new Set(rules.map((rule) => rule.propertyName))]]),
  );
}

/** Draws hostile requests; everything it draws follows from the seed. */
export class HostileRequests {
  private readonly dtos = dtoProperties();
  private readonly ids: fc.Arbitrary<string>;
  private readonly text: fc.Arbitrary<string>;

  /** @param bodyOf the name of the DTO that a route takes, where there is one */
  constructor(
    private readonly target: Target,
    private readonly bodyOf: (route: Route) => string | undefined,
  ) {
    const { userId, postId, notificationId, sessionId, username } = target;
    this.ids = fc.constantFrom(userId, postId, notificationId, sessionId, `@${username}`);
    const known = fc.constantFrom(
      ...NASTY,
      ...NUMBERS,
      ...BIG,
      ...PROTOTYPE,
      'friend',
      'block',
      'true',
      'null',
    );
    this.text = fc.oneof(known, this.ids, fc.string({ unit: 'binary' }), this.cursor());
  }

  /** @param tokens good tokens of the attackers */
  draw(route: Route, count: number, seed: number, tokens: readonly string[]): HostileRequest[] {
    const method =
      route.method === 'GET'
        ? fc.constantFrom('GET', 'GET', 'GET', 'GET', 'HEAD')
        : fc.constant(route.method);
    const request = fc
      .record({
        method,
        path: this.path(route.path),
        query: this.query(),
        headers: this.headers(tokens),
        body: this.body(route),
      })
      .map(({ method, path, query, headers, body }): HostileRequest => {
        const content = method === 'GET' || method === 'HEAD' ? undefined : body;
        return {
          method,
          path: `${path}${query}`,
          headers: { ...(content ? { 'content-type': content.type } : {}), ...headers },
          body: content?.bytes,
        };
      });
    return fc.sample(request, { numRuns: count, seed });
  }

  private path(pattern: string): fc.Arbitrary<string> {
    const malformed = fc.constantFrom('%', '%zz', '%ff', '%00', '%2e%2e%2f', '%E0%80%80', '..;', '\xff', '*');
    const long = fc.constantFrom('1'.repeat(101), 'x'.repeat(2_000), '%41'.repeat(7_000));
    const value = fc.oneof(
      { weight: 5, arbitrary: this.ids },
      { weight: 3, arbitrary: this.text.map(encode) },
      { weight: 1, arbitrary: malformed },
      { weight: 1, arbitrary: long },
    );
    const filled = fc.array(value, { minLength: 4, maxLength: 4 }).map((values) => {
      let next = 0;
      return pattern.replace(/:\w+|\*/g, () => values[next++ % values.length]!);
    });
    const bent = fc
      .tuple(filled, fc.constantFrom('/', '//', '/.', '/..', '%2f', '%00', ';a=b', '\\', '/x'))
      .map(([path, tail]) => path + tail);
    return fc.oneof({ weight: 9, arbitrary: filled }, { weight: 1, arbitrary: bent });
  }

  private query(): fc.Arbitrary<string> {
    const names = [...new Set([...this.dtos.values()].flat())];
    const bent = [
      'limit[]',
      'limit[$gt]',
      'cursor[0]',
      'constructor[prototype][x]',
      '',
      '%',
      'x'.repeat(500),
    ];
    const name = fc.constantFrom('limit', 'cursor', 'kind', ...names, ...bent, ...PROTOTYPE);
    const value = fc.oneof(this.cursor(), this.text.map(encode), fc.constantFrom('%', '%ff', '5', 'friend'));
    const pairs = fc.array(fc.tuple(name, value), { maxLength: 4 });
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      {
        weight: 5,
        arbitrary: pairs.map((all) => `?${all.map(([key, text]) => `${key}=${text}`).join('&')}`),
      },
      { weight: 1, arbitrary: this.cursor().map((cursor) => `?limit=1&cursor=${cursor}`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '?',
          '?&&&',
          '?=',
          '?limit',
          '?limit=1&limit=2',
          `?${'a=1&'.repeat(2_000)}`,
        ),
      },
    );
  }

  private cursor(): fc.Arbitrary<string> {
    const list = fc.constantFrom(
      'friends',
      'noise',
      'notifications',
      'followers',
      'following',
      'posts',
      'block',
      '',
    );
    const place = fc.constantFrom('1', '0', '-1', '9223372036854775807', '9223372036854775808', "1' --", '');
    return fc
      .tuple(list, fc.array(place, { maxLength: 4 }), fc.constantFrom('', '=', '!', 'A'))
      .map(([name, places, tail]) => Buffer.from([name, ...places].join('.')).toString('base64url') + tail);
  }

  private headers(tokens: readonly string[]): fc.Arbitrary<Record<string, string | string[]>> {
    const good = fc.constantFrom(...tokens).map((token) => ({ authorization: `Bearer ${token}` }));
    const bad = fc.constantFrom(...badTokens(this.target)).map((authorization) => ({ authorization }));
    const keys = ['', ' ', '\t', 'k'.repeat(255), 'k'.repeat(256), 'é', 'a b', this.target.idempotencyKey];
    const key = fc.constantFrom<string | string[]>(...keys, ['twice', 'twice']);
    return fc
      .tuple(
        fc.oneof(
          { weight: 7, arbitrary: good },
          { weight: 2, arbitrary: bad },
          { weight: 1, arbitrary: fc.constant({}) },
        ),
        fc.option(key.map((text) => ({ 'idempotency-key': text }))),
        fc.option(
          fc.constantFrom(...HEADERS).map(([name, text]) => ({ [name]: text })),
          { freq: 3 },
        ),
      )
      .map(([authorization, idempotency, other]) => ({ ...authorization, ...idempotency, ...other }));
  }

  private body(route: Route): fc.Arbitrary<{ type: string; bytes: Buffer } | undefined> {
    const own = this.dtos.get(this.bodyOf(route) ?? '');
    const shapes = [...this.dtos.values()];
    const shape = own
      ? fc.oneof({ weight: 8, arbitrary: fc.constant(own) }, fc.constantFrom(...shapes))
      : fc.constantFrom(...shapes);
    const object = shape
      .chain((names) =>
        fc.record(Object.fromEntries(names.map((name) => [name, this.value(name)])), { requiredKeys: [] }),
      )
      .chain((body) =>
        fc
          .option(fc.constantFrom(...PROTOTYPE, 'role', 'id', 'userId', 'authorId'), { freq: 5 })
          .map((extra) => (extra ? { ...body, [extra]: 'admin' } : body)),
      );
    const json = fc
      .oneof({ weight: 4, arbitrary: object }, { weight: 1, arbitrary: fc.jsonValue() })
      .map((body) => JSON.stringify(body));
    const bytes = fc.oneof(
      { weight: 5, arbitrary: json },
      { weight: 1, arbitrary: fc.constantFrom(...RAW_BODIES) },
    );
    const type = fc.oneof(
      { weight: 8, arbitrary: fc.constant('application/json') },
      { weight: 1, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
    );
    return fc.option(
      fc.record({ type, text: bytes }).map(({ type, text }) => ({
        type,
        bytes: Buffer.from(text, text.startsWith('\xff') ? 'latin1' : 'utf8'),
      })),
      { freq: 20, nil: undefined },
    );
  }

  /** Values for a property: half of them could be meant, the rest could not. */
  private value(name: string): fc.Arbitrary<unknown> {
    const { userId, postId, notificationId, refreshToken, username } = this.target;
    const meant: Record<string, unknown[]> = {
      username: [username.toUpperCase(), 'mallory'],
      email: [`${username}@example.org`, 'mallory@example.org'],
      login: [username, `${username}@example.org`],
      password: ['correct horse battery', 'password'],
      refreshToken: [`${refreshToken}x`, refreshToken.replace(/\.1\./, '.2.')],
      kind: ['friend', 'noise', 'block', 'mute'],
      ids: [
        [userId],
        [userId, userId, postId],
        Array<string>(100).fill(userId),
        Array<string>(101).fill(userId),
      ],
      upTo: [notificationId, '9223372036854775807'],
      body: [`@${username} hello`, 'x'.repeat(5_000)],
      reopenAfterSeconds: [1, 86_400],
      avatarUrl: [
        null,
        'https://example.org/a.png',
        'javascript:alert(1)',
        'http://[::1',
        'http://169.254.169.254/',
      ],
    };
    const deep = fc.constantFrom<unknown>(
      [[[[[[[[]]]]]]]],
      { a: { b: { c: {} } } },
      { length: 5 },
      { toString: 'x' },
    );
    const hostile = fc.oneof(
      this.text,
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(this.text, { maxLength: 3 }),
      deep,
      fc.jsonValue(),
    );
    const plausible = meant[name] ?? ['a reason', 'Mallory'];
    return fc.oneof(fc.constantFrom(...plausible), hostile);
  }
}
