import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirrorVerification } from '../../src/relationships/mirror-verification.js';
import { GraphStore } from '../../src/relationships/graph-store.js';
import { GraphView } from '../../src/users/graph-view.js';
import type { RelationshipKind } from '../../src/users/user-view.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

const PEOPLE = 6;
type Act = RelationshipKind | 'none';

/** What one of a pair does to the other; `forward` when the first acts on the second. */
interface Step {
  forward: boolean;
  act: Act;
}

/** The steps of each pair, in the order of `pairs`, and who deletes their account meanwhile. */
interface Story {
  lanes: Step[][];
  leavers: number[];
}

const pairs = Array.from({ length: PEOPLE }, (_, a) =>
  Array.from({ length: a }, (_, b) => [b, a] as const),
).flat();
const follows = (act: Act | undefined) => act === 'friend' || act === 'noise';

const story: fc.Arbitrary<Story> = fc.record({
  lanes: fc.tuple(
    ...pairs.map(() =>
      fc.array(
        fc.record({
          forward: fc.boolean(),
          act: fc.constantFrom<Act>('friend', 'noise', 'block', 'mute', 'none', 'friend', 'noise'),
        }),
        { maxLength: 8 },
      ),
    ),
  ),
  leavers: fc.uniqueArray(fc.integer({ min: 0, max: PEOPLE - 1 }), { maxLength: 2 }),
});

/** The naive model of a story: what each has to each in the end. Pairs do not concern each other, so their order does not matter. */
function modelOf({ lanes, leavers }: Story): Map<string, Act> {
  const model = new Map<string, Act>();
  lanes.forEach((steps, lane) => {
    const [low, high] = pairs[lane]!;
    for (const { forward, act } of steps) {
      const [owner, subject] = forward ? [low, high] : [high, low];
      const mine = `${owner} ${subject}`;
      const theirs = `${subject} ${owner}`;
      if (act !== 'none' && act !== 'block' && model.get(theirs) === 'block') continue;
      if (act === 'none') model.delete(mine);
      else model.set(mine, act);
      if (act === 'block' && follows(model.get(theirs))) model.delete(theirs);
    }
  });
  for (const key of [...model.keys()]) {
    if (key.split(' ').some((person) => leavers.includes(Number(person)))) model.delete(key);
  }
  return model;
}

describe('the graph, whatever happens at the same time', () => {
  let app: TestApp;
  let round = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    await app.mirrored();
  });
  afterAll(() => app.stop());

  const act = (owner: Client, subject: Client, step: Act) =>
    step === 'none'
      ? owner.delete(`/v1/relationships/${subject.id}`)
      : owner.put(`/v1/relationships/${subject.id}`, { kind: step });

  it('ends as mirror = Postgres = a plain model', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        round++;
        const people = await Promise.all(
          Array.from({ length: PEOPLE }, (_, i) => app.user(`r${round}-person${i}`)),
        );
        const ids = people.map((person) => person.id);
        await Promise.all([
          ...told.lanes.map(async (steps, lane) => {
            const [low, high] = pairs[lane]!.map((person) => people[person]!) as [Client, Client];
            for (const { forward, act: what } of steps) {
              const { status } = forward ? await act(low, high, what) : await act(high, low, what);
              expect([200, 204, 401, 404]).toContain(status);
            }
          }),
          ...told.leavers.map((leaver) => people[leaver]!.delete('/v1/me')),
        ]);
        await app.drained();

        const model = modelOf(told);
        for (const [owner, ownerId] of ids.entries()) {
          const kinds = ids.map((_, subject) => model.get(`${owner} ${subject}`) ?? null);
          const truth = await app.get(GraphStore).facts(ownerId, ids);
          expect(truth.map(({ kind }) => kind)).toEqual(kinds);
          expect(truth[owner]).toMatchObject({
            friends: kinds.filter((kind) => kind === 'friend').length,
            noise: kinds.filter((kind) => kind === 'noise').length,
            followers: ids.filter((_, other) => follows(model.get(`${other} ${owner}`))).length,
          });
          expect(await app.get(GraphView).facts(ownerId, ids)).toEqual(truth);
        }
        const { drift } = await app.get(MirrorVerification).run({ users: ids });
        expect(drift).toEqual([]);
      }),
      { numRuns: 25, seed: 20_261_121 },
    );
  });
});
