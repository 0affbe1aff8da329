import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Everyone's feeds and notifications. entry_id is the row's place in its stream: the post's id in a feed, the id of the
 * event in the notifications. The primary key rejects duplicate feed rows, orders a stream and covers the feed query.
 */
export class Activities1763600000000 implements MigrationInterface {
  readonly name = 'Activities1763600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE activities (
        recipient_id bigint NOT NULL,
        stream smallint NOT NULL CHECK (stream BETWEEN 1 AND 3),
        entry_id bigint NOT NULL,
        kind smallint NOT NULL,
        actor_id bigint NOT NULL,
        subject_id bigint NOT NULL,
        PRIMARY KEY (recipient_id, stream, entry_id, kind, actor_id, subject_id)
      ) WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05)`);
    await runner.query(`
      CREATE UNIQUE INDEX activities_notification ON activities (recipient_id, kind, subject_id, actor_id)
      WHERE stream = 3`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE activities');
  }
}
