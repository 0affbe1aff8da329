import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The processes that serve: each says every few seconds that it is there, how many connections it may take, and what it sees. */
export class ServingProcesses1764300000000 implements MigrationInterface {
  readonly name = 'ServingProcesses1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE serving_processes (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        roles text[] NOT NULL,
        primary_pool integer NOT NULL,
        shard_pool integer NOT NULL,
        -- Open circuit breakers: the shard's number to the reason.
        breakers jsonb NOT NULL DEFAULT '{}',
        started_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE serving_processes');
  }
}
