import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Repairs of the activities, and how far each has come on each shard. */
export class ActivityRepairs1763850000000 implements MigrationInterface {
  readonly name = 'ActivityRepairs1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE activity_repair_shards, activity_repairs');
  }
}

const UP = [
  `CREATE TABLE activity_repairs (
     id bigint PRIMARY KEY DEFAULT next_id(),
     state varchar(10) NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'aborted')),
     requested_by text NOT NULL,
     rows_per_second integer CHECK (rows_per_second > 0),
     started_at timestamptz NOT NULL DEFAULT now(),
     finished_at timestamptz
   )`,
  `CREATE UNIQUE INDEX activity_repairs_running ON activity_repairs (state) WHERE state = 'running'`,

  // A job is for one step of one shard; each step that is taken raises the number, so a repeated job finds it taken.
  `CREATE TABLE activity_repair_shards (
     repair_id bigint NOT NULL REFERENCES activity_repairs ON DELETE CASCADE,
     shard smallint NOT NULL,
     phase varchar(10) NOT NULL DEFAULT 'waiting'
       CHECK (phase IN ('waiting', 'preparing', 'walking', 'finishing', 'cleaning', 'done')),
     step bigint NOT NULL DEFAULT 0,
     position jsonb,
     rows_total bigint NOT NULL DEFAULT 0,
     rows_seen bigint NOT NULL DEFAULT 0,
     duplicates bigint NOT NULL DEFAULT 0,
     orphans bigint NOT NULL DEFAULT 0,
     error text,
     stepped_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (repair_id, shard)
   )`,
];
