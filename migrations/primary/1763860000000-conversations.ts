import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Comments, reposts and loves. */
export class Conversations1763860000000 implements MigrationInterface {
  readonly name = 'Conversations1763860000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE loves');
    await runner.query('DELETE FROM posts WHERE comment_on IS NOT NULL OR repost_of IS NOT NULL');
    await runner.query('ALTER TABLE posts DROP COLUMN comment_on, DROP COLUMN repost_of');
    await runner.query('CREATE INDEX posts_author ON posts (author_id, id)');
  }
}

const UP = [
  // No foreign keys: the post that is commented on or reposted may go, and what was said about it stays.
  'ALTER TABLE posts ADD COLUMN comment_on bigint, ADD COLUMN repost_of bigint',

  // An author's timeline and their comments are never asked for together, so each post is in one of the two.
  'CREATE INDEX posts_timeline ON posts (author_id, id) WHERE comment_on IS NULL',
  'CREATE INDEX posts_comments_by ON posts (author_id, id) WHERE comment_on IS NOT NULL',
  'DROP INDEX posts_author',

  'CREATE INDEX posts_comments ON posts (comment_on, id) WHERE comment_on IS NOT NULL',
  'CREATE INDEX posts_reposts ON posts (repost_of, id) WHERE repost_of IS NOT NULL',
  // One repost without words of one's own for each post and person.
  `CREATE UNIQUE INDEX posts_plain_repost ON posts (repost_of, author_id) WHERE repost_of IS NOT NULL AND body = ''`,

  `CREATE TABLE loves (
     post_id bigint NOT NULL,
     user_id bigint NOT NULL,
     id bigint NOT NULL DEFAULT next_id(),
     PRIMARY KEY (post_id, user_id)
   )`,
  'CREATE INDEX loves_newest ON loves (post_id, id) INCLUDE (user_id)',
  'CREATE INDEX loves_user ON loves (user_id, post_id)',
];
