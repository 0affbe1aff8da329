import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/app/cli.js';
import { ProductProcess } from '../support/processes.js';
import { connectTo, maintenanceUrl } from '../support/sql.js';
import { createStores } from '../support/stores.js';
import { TestApp } from '../support/test-app.js';

const cli = (environment: Record<string, string>, ...args: string[]) =>
  ProductProcess.run('cli', environment, args);

describe('sluice', () => {
  it('helps without any store', async () => {
    for (const path of [[], ['migrate'], ['gate', 'close']]) {
      // Nothing can be there: a command that reached for a store would fail.
      const help = await cli({ SLUICE_DATA_DIR: '/dev/null/none' }, ...path, '--help');
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain(`Usage: ${['sluice', ...path].join(' ')}`);
    }
  });

  it('describes every command, and takes --json for every one that does something', () => {
    const leaves = createProgram().commands.flatMap((command) =>
      command.commands.length > 0 ? command.commands : [command],
    );
    expect(leaves.length).toBeGreaterThan(5);
    for (const command of leaves) {
      expect(command.description().length, command.name()).toBeGreaterThan(15);
      expect(command.helpInformation(), command.name()).toContain('--json');
    }
  });

  it('tells of an unknown command in words', async () => {
    const { code, stdout, stderr } = await cli({}, 'migrat');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/unknown command 'migrat'/);
    expect(stderr).toMatch(/--help/);
  });

  it('says which database is behind, brings it up to date, and says so', async () => {
    const environment = await createStores();
    const [first, second] = environment.ACTIVITY_SHARD_URLS!.split(',');
    const fresh = `${new URL(second!).pathname}_fresh`;
    const admin = await connectTo(maintenanceUrl(second!));
    await admin.query(`CREATE DATABASE ${fresh.slice(1)}`);
    await admin.end();
    const shards = [first, new URL(fresh, second).href];
    const stores = { ...environment, ACTIVITY_SHARD_URLS: shards.join(',') };

    const dry = await cli(stores, 'migrate', '--dry-run', '--json');
    expect(dry).toMatchObject({ code: 1, stderr: '' });
    const { databases } = JSON.parse(dry.stdout);
    expect(databases).toMatchObject([
      { database: 'primary', applied: [], pending: [] },
      { database: 'shard-0', applied: [], pending: [] },
      { database: 'shard-1', applied: [] },
    ]);
    const { pending } = databases[2];
    expect(pending.length).toBeGreaterThan(0);

    const real = await cli(stores, 'migrate', '--json');
    expect(real).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(real.stdout).databases[2]).toEqual({
      database: 'shard-1',
      applied: pending,
      pending: [],
    });
    expect(await cli(stores, 'migrate', '--dry-run')).toMatchObject({
      code: 0,
      stdout: 'primary: up to date\nshard-0: up to date\nshard-1: up to date\n',
    });
  });

  it('explains where a post is, tells what the next would cost, and decides how they are delivered', async () => {
    const app = await TestApp.start();
    try {
      const [reader, author] = [await app.user('reader'), await app.user('author')];
      await reader.follow(author);
      const { id } = (await author.post('/v1/posts', { body: 'hello' })).body;
      await app.drained();
      const stores = app.environment;
      const run = async (...args: string[]) => {
        const { code, stdout, stderr } = await cli(stores, ...args);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        return stdout;
      };

      expect(await run('explain', 'reader', id)).toMatch(
        new RegExp(`^Post ${id} is in the feed friends of reader: it is a row on shard [01]\\.\n$`),
      );
      expect(JSON.parse(await run('explain', author.id, id, '--json'))).toEqual({
        viewerId: author.id,
        postId: id,
        inFeed: null,
        through: null,
        shard: null,
        reason: 'own-post',
        sentence: `Post ${id} is in no feed of author: author wrote it, and nobody follows themselves.`,
      });

      expect(await run('fanout', 'preview', 'author')).toMatch(
        /^Written into each feed: 1 follow, fewer than 250000\.\nThe next post: 1 rows, .+, .+\.\n$/,
      );
      const merged = { delivery: 'pull', reason: 'operator', followers: 1, rows: 0, bytes: 0, seconds: 0 };
      const decided = JSON.parse(await run('fanout', 'author', 'author', '--pull', '--json'));
      expect(decided).toMatchObject(merged);
      expect(JSON.parse(await run('fanout', 'preview', author.id, '--json'))).toEqual(decided);
      // As the audience has it: they are written again by the next round of a worker, and merged until then.
      expect(await run('fanout', 'author', 'author', '--auto')).toMatch(/: 1 follow/);
      expect(await run('fanout', 'author', 'author', '--push')).toMatch(
        /^Written into each feed: an operator/,
      );

      for (const [args, complaint] of [
        [['explain', 'nobody', id], /there is no user nobody/],
        [['explain', 'reader', 'latest'], /expected the id of a post/],
        [['fanout', 'preview', 'nobody'], /there is no user nobody/],
        [['fanout', 'author', 'author', '--push', '--pull'], /cannot be used with/],
      ] as const) {
        const { code, stdout, stderr } = await cli(stores, ...args);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(complaint);
      }
    } finally {
      await app.stop();
    }
  }, 120_000);

  it('names the shard that cannot be reached, and sees to the others', async () => {
    const environment = await createStores();
    const [first, second] = environment.ACTIVITY_SHARD_URLS!.split(',');
    const dead = new URL(second!);
    dead.port = '1';
    const shards = [first, dead.href];
    const stores = { ...environment, ACTIVITY_SHARD_URLS: shards.join(',') };
    const { code, stdout } = await cli(stores, 'migrate', '--json');
    expect(code).toBe(1);
    const { databases } = JSON.parse(stdout);
    expect(databases).toMatchObject([
      { database: 'primary', pending: [] },
      { database: 'shard-0', pending: [] },
      { database: 'shard-1', error: expect.stringMatching(/ECONNREFUSED/) },
    ]);
    expect(stdout).not.toContain(decodeURIComponent(dead.password));
  });
});
