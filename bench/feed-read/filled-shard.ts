import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import pgCopy from 'pg-copy-streams';
import { codeOfKind, STREAMS } from '../../src/activities/activity.js';
import { leafOf } from '../../src/activities/leaves.js';
import type { Database } from '../../src/platform/database/database.js';
import type { Id } from '../../src/platform/ids/ids.js';

/** Writes the rows of many posts on one shard: in Postgres itself, bucket by bucket, in the order of the index. */
export class FilledShard {
  private constructor(
    private readonly shard: Database,
    private readonly primary: Database,
  ) {}

  /** @param copyFollows fills the table `bench_follows` with bucket, owner and subject of those whose rows lie here */
  static async create(
    shard: Database,
    primary: Database,
    copyFollows: (client: pg.Client) => Promise<void>,
  ): Promise<FilledShard> {
    const filled = new FilledShard(shard, primary);
    await filled.connected(async (client) => {
      await client.query(`
        CREATE UNLOGGED TABLE bench_follows (bucket int, owner bigint, subject bigint);
        CREATE UNLOGGED TABLE bench_posts (author bigint, id bigint)`);
      await copyFollows(client);
      await client.query('CREATE INDEX ON bench_follows (bucket); ANALYZE bench_follows');
    });
    return filled;
  }

  /** Writes a row for each post of a range of ids, both ends included, and each follower. @returns how many rows */
  write(range: { from: Id; to: Id }): Promise<number> {
    return this.connected(async (client) => {
      await this.fetchPosts(client, range);
      const { rows } = await client.query<{ bucket: number }>(
        'SELECT DISTINCT bucket FROM bench_follows ORDER BY bucket',
      );
      let written = 0;
      for (const { bucket } of rows) {
        const { rowCount } = await client.query(
          `INSERT INTO ${leafOf(bucket)} (recipient_id, stream, entry_id, kind, actor_id, subject_id)
           SELECT owner, $2::smallint, id, $3::smallint, author, id
           FROM bench_follows JOIN bench_posts ON author = subject WHERE bucket = $1 ORDER BY owner, id`,
          [bucket, STREAMS.friends, codeOfKind('post')],
        );
        written += rowCount!;
      }
      await client.query('VACUUM (ANALYZE) activities');
      return written;
    });
  }

  private async fetchPosts(client: pg.Client, { from, to }: { from: Id; to: Id }): Promise<void> {
    await client.query('TRUNCATE bench_posts; DROP INDEX IF EXISTS bench_posts_author');
    const source = await this.primary.dedicatedClient();
    try {
      const columns = `SELECT author_id, id FROM posts WHERE id BETWEEN ${from} AND ${to} ORDER BY author_id`;
      await pipeline(
        source.query(pgCopy.to(`COPY (${columns}) TO STDOUT (FORMAT binary)`)),
        client.query(pgCopy.from('COPY bench_posts FROM STDIN (FORMAT binary)')),
      );
    } finally {
      await source.end();
    }
    await client.query('CREATE INDEX bench_posts_author ON bench_posts (author, id)');
    await client.query('VACUUM (ANALYZE) bench_posts');
  }

  private async connected<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = await this.shard.dedicatedClient();
    try {
      await client.query(`SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'`);
      return await work(client);
    } finally {
      await client.end();
    }
  }
}
