import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Tokens } from '../../src/auth/tokens.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { countRows } from '../fan-out/count-rows.js';

const AUTHORS = 10;
const FOLLOWERS = 200;
const POLL_MS = 20;
const PATIENCE_MS = 120_000;

/** People who post at a steady pace over HTTP: so many rows a second that fan-out has to write, through the chokepoint. */
export class SteadyPosts {
  private readonly posts: Id[] = [];
  private failure: Error | undefined;
  private timer: NodeJS.Timeout | undefined;
  private turn = 0;

  private constructor(
    private readonly services: INestApplicationContext,
    private readonly url: string,
    private readonly tokens: readonly string[],
  ) {}

  /** Makes the authors and those who follow all of them. */
  static async prepare(services: INestApplicationContext, url: string): Promise<SteadyPosts> {
    const client = await services.get(PrimaryDatabase).database.dedicatedClient();
    try {
      const make = async (name: string, count: number) =>
        (
          await client.query<{ id: Id }>(
            `INSERT INTO users (username) SELECT $1::text || n FROM generate_series(1, $2::int) AS n RETURNING id`,
            [name, count],
          )
        ).rows.map(({ id }) => id);
      const authors = await make('author', AUTHORS);
      const followers = await make('follower', FOLLOWERS);
      await client.query(
        `INSERT INTO relationships (owner_id, subject_id, kind)
         SELECT owner, subject, 1 FROM unnest($1::bigint[]) AS owner, unnest($2::bigint[]) AS subject`,
        [followers, authors],
      );
      await client.query(
        `INSERT INTO graph_owners (owner_id, version, friends) SELECT owner, 1, $2 FROM unnest($1::bigint[]) AS owner`,
        [followers, AUTHORS],
      );
      const tokens = authors.map((id) => services.get(Tokens).access({ id, sessionId: '1' }));
      return new SteadyPosts(services, url, tokens);
    } finally {
      await client.end();
    }
  }

  /** @param rowsPerSecond how many rows the posts lead to */
  start(rowsPerSecond: number): void {
    this.timer = setInterval(() => void this.publish(), (1_000 * FOLLOWERS) / rowsPerSecond);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** How many posts were accepted so far. */
  get accepted(): number {
    return this.posts.length;
  }

  /** Waits until every post that was accepted by now has been delivered. @returns the seconds that this took */
  async delivered(): Promise<number> {
    const began = performance.now();
    const posts = [...this.posts];
    for (;;) {
      if (this.failure) throw this.failure;
      if ((await this.countDone(posts)) === posts.length) return (performance.now() - began) / 1_000;
      if (performance.now() - began > PATIENCE_MS) throw new Error('The backlog does not run off.');
      await delay(POLL_MS);
    }
  }

  /** How many rows of the accepted posts are not there. */
  async missingRows(): Promise<number> {
    const counts = await Promise.all(
      this.services.get(ShardRouter).shards.map((shard) => countRows(shard, this.posts)),
    );
    return this.posts.length * FOLLOWERS - counts.reduce((sum, count) => sum + count, 0);
  }

  private async publish(): Promise<void> {
    try {
      const answer = await fetch(new URL('/v1/posts', this.url), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.tokens[this.turn++ % this.tokens.length]}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ body: 'One of many.' }),
      });
      if (answer.status !== 201) throw new Error(`A post was answered with ${answer.status}.`);
      this.posts.push(((await answer.json()) as { id: Id }).id);
    } catch (error) {
      this.failure ??= error as Error;
    }
  }

  private async countDone(posts: readonly Id[]): Promise<number> {
    const statement = {
      name: 'bench_count_done',
      text: `SELECT count(*)::int AS done FROM fanouts WHERE post_id = ANY ($1::bigint[]) AND state = 'done'`,
    };
    return (await this.services.get(PrimaryDatabase).query<{ done: number }>(statement, [posts]))[0]!.done;
  }
}
