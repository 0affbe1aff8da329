import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActivityStore } from '../../src/activities/activity-store.js';
import type { ActivityEvent, Recipient } from '../../src/activities/activity.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => (app = await TestApp.start({ ROLES: 'http' })));
afterAll(() => app.stop());

const event = (entryId: string): ActivityEvent => ({
  kind: 'post',
  entryId,
  actorId: '7',
  subjectId: entryId,
});
const recipients = (from: number, to: number): Recipient[] =>
  Array.from({ length: to - from }, (_, index) => ({ id: String(from + index), stream: 'friends' }));

describe('writing one event for many', () => {
  it.each([
    ['few', 10],
    ['many', 2_000],
  ])('adds what is missing and leaves alone what is there: %s', async (_, many) => {
    const store = app.get(ActivityStore);
    const post = event(String(many));
    expect(await store.write(post, recipients(1, many))).toBe(many - 1);
    expect(await store.write(post, recipients(1, many))).toBe(0);
    expect(await store.write(post, recipients(many / 2, many * 2))).toBe(many);
    for (const { id } of recipients(1, many * 2).filter((_, index) => index % 97 === 0)) {
      const page = await store.page(id, 'friends', undefined, 100);
      expect(page.filter(({ entryId }) => entryId === post.entryId)).toEqual([post]);
    }
  });

  it('writes each row once when the same batch is written several times at once', async () => {
    const store = app.get(ActivityStore);
    const counts = await Promise.all(
      Array.from({ length: 6 }, () => store.write(event('5000'), recipients(1, 3_001))),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3_000);
  });
});
