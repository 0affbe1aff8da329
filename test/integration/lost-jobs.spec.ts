import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NewJob, Queues } from '../../src/platform/queues/queues.js';
import { TestApp } from '../support/test-app.js';

/** A queue whose Redis lost some of its keys and kept others. */
describe('jobs whose queue was lost without them', () => {
  let app: TestApp;
  let queues: Queues;
  const job: NewJob = { id: 'outbox-lost', type: 'fanout.chunk', data: { payload: {} } };
  const stateOf = () => queues.use('activities', (queue) => queue.getJobState(job.id));

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    queues = app.get(Queues);
  });
  afterAll(() => app.stop());

  it('are added anew when they are dispatched again', async () => {
    await queues.enqueue('activities', [job], false);
    expect(await stateOf()).toBe('prioritized');
    const redis = new Redis(app.environment.REDIS_URL!);
    await redis.del(`${queues.prefix}:activities:prioritized`);
    await redis.quit();
    expect(await stateOf()).toBe('unknown');
    await queues.enqueue('activities', [job], true);
    expect(await stateOf()).toBe('prioritized');
  });
});
