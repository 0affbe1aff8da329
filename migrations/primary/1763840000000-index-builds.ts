import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Index builds on the shards, and how far each is. */
export class IndexBuilds1763840000000 implements MigrationInterface {
  readonly name = 'IndexBuilds1763840000000';

  async up(runner: QueryRunner): Promise<void> {
    // The heartbeat tells a build that goes on from one whose process is gone; the runner, whose build it is.
    await runner.query(`
      CREATE TABLE index_builds (
        id bigint PRIMARY KEY DEFAULT next_id(),
        work jsonb NOT NULL,
        state varchar(12) NOT NULL DEFAULT 'running'
          CHECK (state IN ('running', 'done', 'failed', 'aborted', 'interrupted')),
        detail text,
        requested_by text NOT NULL,
        reason text NOT NULL,
        runner uuid NOT NULL,
        heartbeat_at timestamptz NOT NULL DEFAULT now(),
        abort_requested boolean NOT NULL DEFAULT false,
        gates jsonb NOT NULL DEFAULT '[]',
        shards jsonb NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX index_builds_running ON index_builds (state) WHERE state = 'running'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE index_builds');
  }
}
