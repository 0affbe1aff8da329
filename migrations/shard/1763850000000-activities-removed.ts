import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What repairs have removed, each row written in the transaction of its removal. */
export class ActivitiesRemoved1763850000000 implements MigrationInterface {
  readonly name = 'ActivitiesRemoved1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE activities_removed (
        repair_id bigint NOT NULL,
        reason varchar(10) NOT NULL CHECK (reason IN ('duplicate', 'orphan')),
        removed_at timestamptz NOT NULL DEFAULT now(),
        recipient_id bigint NOT NULL,
        stream smallint NOT NULL,
        entry_id bigint NOT NULL,
        kind smallint NOT NULL,
        actor_id bigint NOT NULL,
        subject_id bigint NOT NULL
      )`);
    await runner.query(
      'CREATE INDEX activities_removed_repair ON activities_removed (repair_id, recipient_id)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE activities_removed');
  }
}
