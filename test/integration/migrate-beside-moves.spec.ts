import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateAll } from '../../src/ops/migrate.js';
import { ShardMoves, type StartedMove } from '../../src/ops/shard-moves.js';
import { Config } from '../../src/platform/config/config.js';
import { leftovers } from '../support/shards.js';
import { connectTo } from '../support/sql.js';
import { TestApp } from '../support/test-app.js';

const NEWEST = 'CopyPace1764460000000';
/** Puts a shard back to before its newest migration. */
const STEP_BACK = `DROP FUNCTION pace_copy() CASCADE; DELETE FROM migrations WHERE name = '${NEWEST}'`;

describe('migrating while a move of buckets is not over', () => {
  let app: TestApp;
  let moves: ShardMoves;
  let shards: pg.Client[];

  beforeAll(async () => {
    app = await TestApp.start({ ROLES: 'http' });
    moves = app.get(ShardMoves);
    shards = await Promise.all(app.environment.ACTIVITY_SHARD_URLS!.split(',').map(connectTo));
  });
  afterAll(async () => {
    await Promise.all(shards.map((shard) => shard.end()));
    await app.stop();
  });

  const migrate = () => migrateAll(Config.from(app.environment));
  const ended = async ({ id, finished }: StartedMove) => {
    await finished;
    return moves.find(id);
  };
  const upToDate = ['primary', 'shard-0', 'shard-1'].map((database) => ({
    database,
    applied: [],
    pending: [],
  }));

  it('changes nothing on the shards, says why, and goes on once it is over', async () => {
    const move = await ended(await moves.start([0], 1, 'a test'));
    expect(move).toMatchObject({ state: 'moved', error: null });
    expect(await migrate()).toEqual(upToDate);
    for (const shard of shards) await shard.query(STEP_BACK);
    const refused = await migrate();
    expect(refused).toMatchObject([
      { database: 'primary', pending: [] },
      ...[0, 1].map((number) => ({ database: `shard-${number}`, applied: [], pending: [NEWEST] })),
    ]);
    for (const { error } of refused.slice(1))
      expect(error).toMatch(
        new RegExp(`the move ${move.id} of buckets is moved.*finish it, roll it back or abort`),
      );
    expect(await ended(await moves.rollback(move.id))).toMatchObject({ state: 'returned', error: null });
    expect(await migrate()).toMatchObject([{}, { applied: [NEWEST] }, { applied: [NEWEST] }]);
    expect(await leftovers(shards)).toEqual([]);
  });

  it('keeps a move from beginning between shards that are not alike', async () => {
    await shards[1]!.query(STEP_BACK);
    await expect(moves.start([2], 1, 'a test')).rejects.toMatchObject({
      key: 'shard-unfit',
      message: expect.stringContaining('sluice migrate') as string,
    });
    expect(await migrate()).toMatchObject([{}, { applied: [] }, { applied: [NEWEST] }]);
  });
});
