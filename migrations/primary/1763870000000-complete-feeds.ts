import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From which post on a follower sees an author, and what is not in the feeds' rows (yet, or ever). */
export class CompleteFeeds1763870000000 implements MigrationInterface {
  readonly name = 'CompleteFeeds1763870000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE pulled_authors, sleepers, feed_reads');
    await runner.query('ALTER TABLE fanouts DROP COLUMN pulled');
    await runner.query('DROP INDEX outbox_placements');
    await runner.query('ALTER TABLE relationships DROP COLUMN floor');
  }
}

const UP = [
  // The oldest post of the subject that the owner's feed has. Who followed before this column was there saw what was
  // published since.
  'ALTER TABLE relationships ADD COLUMN floor bigint NOT NULL DEFAULT 0',
  `UPDATE relationships SET floor = ((extract(epoch FROM since) * 1000)::bigint - 1262304000000) << 22
   WHERE kind IN (1, 2)`,

  // Whether a post is not written into feeds at all, but merged when they are read.
  'ALTER TABLE fanouts ADD COLUMN pulled boolean NOT NULL DEFAULT false',
  'CREATE INDEX fanouts_pulled ON fanouts (author_id, post_id) WHERE pulled',

  // Whose rows are being put in their place: asked at each read of a feed.
  `CREATE INDEX outbox_placements ON outbox (((payload ->> 'ownerId')::bigint)) WHERE topic = 'placement.changed'`,

  // When somebody last read a feed, to the hour.
  'CREATE TABLE feed_reads (user_id bigint PRIMARY KEY, read_at timestamptz NOT NULL) WITH (fillfactor = 80)',
  'CREATE INDEX feed_reads_age ON feed_reads (read_at)',

  // Who has not read for so long that nothing is written for them; what was published since since_id they are missing.
  // Once waking, they get new posts again, and the older ones are being filled in.
  `CREATE TABLE sleepers (
     user_id bigint PRIMARY KEY,
     since_id bigint NOT NULL,
     waking boolean NOT NULL DEFAULT false
   )`,

  // Authors whose posts are merged into feeds when these are read. pushing: their posts are being written into the feeds
  // again, and the row goes when all of them are.
  `CREATE TABLE pulled_authors (
     author_id bigint PRIMARY KEY,
     state varchar(10) NOT NULL CHECK (state IN ('pulled', 'pushing', 'never')),
     since timestamptz NOT NULL DEFAULT clock_timestamp()
   )`,
];
