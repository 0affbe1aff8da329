import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateAll } from '../../src/ops/migrate.js';
import { Config } from '../../src/platform/config/config.js';
import { EmbeddedStack } from '../../src/platform/embedded/embedded-stack.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { MirrorVerification } from '../../src/relationships/mirror-verification.js';
import type { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

const WIPES = 3;

describe('Redis wiped under load', () => {
  let dataDir: string;
  let stack: EmbeddedStack;
  let app: TestApp;
  let still: Client[];
  let busy: Client[];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sluice-wiped-'));
    stack = await EmbeddedStack.start({ dataDir, durable: false });
    const environment = {
      DATABASE_URL: stack.urls.databaseUrl,
      ACTIVITY_SHARD_URLS: stack.urls.shardUrls.join(','),
      REDIS_URL: stack.urls.redisUrl,
      JWT_SECRET: 'a secret for the tests alone, 32 bytes or more',
      LOG_LEVEL: 'silent',
      DATABASE_TIMEOUT_MS: '30000',
      POOL_TIMEOUT_MS: '30000',
      RATE_LIMIT_PER_MINUTE: '1000000',
      OUTBOX_LEASE_MS: '2000',
      OUTBOX_SWEEP_MS: '100',
    };
    await migrateAll(Config.from(environment));
    app = await TestApp.start({}, environment);
    await app.mirrored();
    const make = (name: string) => Promise.all(Array.from({ length: 12 }, (_, i) => app.user(`${name}${i}`)));
    [still, busy] = await Promise.all([make('still'), make('busy')]);
    for (const [i, person] of still.entries()) {
      await person.follow(still[(i + 1) % still.length]!);
      await person.follow(still[(i + 2) % still.length]!, 'noise');
    }
    await still[1]!.post('/v1/posts', { body: 'before the flood' });
    await app.drained();
  });
  afterAll(async () => {
    await app.stop();
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('answers rightly, never with a 5xx, and makes the mirror whole again by itself', async () => {
    const statuses = new Map<number, number>();
    const wrong: unknown[] = [];
    let running = true;
    const note = ({ status }: { status: number }) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

    const readers = still.map(async (person, i) => {
      for (let n = i; running; n++) {
        const friend = still[(i + 1) % still.length]!;
        const profile = await person.get(`/v1/users/${friend.id}`);
        note(profile);
        const { followers, following } = profile.body.counts ?? {};
        const relationship = profile.body.relationship;
        if (relationship?.kind !== 'friend' || relationship.followsMe || followers !== 2 || following !== 2)
          wrong.push(profile.body);
        if (n % 3 === 0) {
          const feed = await still[0]!.get('/v1/feeds/friends');
          note(feed);
          if (feed.body.data?.[0]?.post.body !== 'before the flood') wrong.push(feed.body);
        }
      }
    });
    const writers = busy.map(async (person, i) => {
      for (let n = 1; running; n++) {
        const other = busy[(i + 1 + (n % (busy.length - 1))) % busy.length]!;
        note(
          await (n % 4 === 0
            ? person.delete(`/v1/relationships/${other.id}`)
            : person.follow(other, n % 3 === 0 ? 'noise' : 'friend')),
        );
      }
    });
    const redis = new Redis(stack.urls.redisUrl);
    for (let wipe = 0; wipe < WIPES; wipe++) {
      await redis.flushall();
      await expect.poll(() => app.get(MirrorRebuild).isReady(), { timeout: 20_000 }).toBe(true);
    }
    running = false;
    await Promise.all([...readers, ...writers]);
    await redis.quit();

    expect([...statuses.keys()].filter((status) => status >= 400)).toEqual([]);
    expect(wrong).toEqual([]);
    await app.drained();
    const { users, drift } = await app.get(MirrorVerification).run({ users: 'all' });
    expect([users, drift]).toEqual([24, []]);
  });
});
