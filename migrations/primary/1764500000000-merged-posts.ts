import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts posts that are merged into feeds, so that what a process keeps of authors' timelines is known to be of today. */
export class MergedPosts1764500000000 implements MigrationInterface {
  readonly name = 'MergedPosts1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SEQUENCE merged_posts');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SEQUENCE merged_posts');
  }
}
