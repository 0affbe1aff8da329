import { describe, expect, it } from 'vitest';
import { ShardAdditions } from '../../src/ops/shard-additions.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { emptyDatabase } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

describe('a database that does not fit as a shard', () => {
  it('is refused with the reasons, which name no password', async () => {
    const app = await TestApp.start({ ROLES: 'http' });
    const additions = app.get(ShardAdditions);
    const refused = (url: string) =>
      additions.add({ url, by: 'a test' }).then(
        () => expect.unreachable(),
        (error: unknown) => error as Error,
      );
    const [known] = app.environment.ACTIVITY_SHARD_URLS!.split(',') as [string];
    expect(await refused(known)).toMatchObject({ key: 'shard-unfit' });
    const full = await emptyDatabase(app.environment, 'full');
    const client = await connectTo(full);
    await client.query('CREATE TABLE something (id int)');
    await client.end();
    expect((await refused(full)).message).toMatch(/is not empty: it has 1 tables/);
    const hasty = await emptyDatabase(app.environment, 'hasty');
    const admin = await connectTo(hasty);
    await admin.query(`ALTER DATABASE ${new URL(hasty).pathname.slice(1)} SET statement_timeout = '10s'`);
    await admin.end();
    expect((await refused(hasty)).message).toMatch(/statement_timeout is 10s/);
    expect(await refused('nonsense with a secret')).toMatchObject({ key: 'invalid-request' });
    const wrong = Object.assign(new URL(full), { password: 'not-the-right-one' }).href;
    const error = await refused(wrong);
    expect(error).toMatchObject({ key: 'shard-unfit' });
    expect(error.message).not.toContain('not-the-right-one');
    expect(app.get(ShardRouter).shards).toHaveLength(2);
    await app.stop();
  });
});
