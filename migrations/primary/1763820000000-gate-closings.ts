import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A gate for each shard beside the one before all of them, their history, and the backlog over time. */
export class GateClosings1763820000000 implements MigrationInterface {
  readonly name = 'GateClosings1763820000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE gate SET closed = true, reason = c.reason, closed_by = c.closed_by, closed_at = c.closed_at,
        reopens_at = c.reopens_at
      FROM gate_closings AS c WHERE c.opened_at IS NULL AND c.shard IS NULL`);
    await runner.query('DROP TABLE backlog_samples, gate_closings');
    await runner.query('ALTER TABLE gate DROP COLUMN revision');
  }
}

const UP = [
  // A gate is closed while it has a row here that nobody opened. Shard null: the gate before all shards. Running jobs
  // may finish until fence_at; fenced: the fences of its shards are to be closed; since quiet_at no row passes them.
  `CREATE TABLE gate_closings (
     id bigint PRIMARY KEY DEFAULT next_id(),
     shard smallint,
     key text NOT NULL,
     reason text NOT NULL,
     closed_by text NOT NULL,
     closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     fence_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     fenced boolean NOT NULL DEFAULT false,
     reopens_at timestamptz,
     quiet_at timestamptz,
     opened_at timestamptz,
     opened_by text,
     opening varchar(10) CHECK (opening IN ('told', 'deadline', 'timeout')),
     jobs_waiting integer,
     intents_waiting integer,
     CHECK ((opened_at IS NULL) = (opening IS NULL))
   )`,
  `CREATE UNIQUE INDEX gate_closings_open ON gate_closings (shard) NULLS NOT DISTINCT WHERE opened_at IS NULL`,

  // The row of \`gate\` is the lock that every change of a gate takes, and counts the changes. Its other columns are those
  // of the release before, and written no more.
  'ALTER TABLE gate ADD COLUMN revision bigint NOT NULL DEFAULT 0',
  `INSERT INTO gate_closings (key, reason, closed_by, closed_at, reopens_at)
   SELECT gen_random_uuid()::text, coalesce(reason, ''), coalesce(closed_by, ''), coalesce(closed_at, now()), reopens_at
   FROM gate WHERE closed`,

  // How much waits, every few seconds: what growth and the time until drained are reckoned from.
  `CREATE TABLE backlog_samples (
     at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
     jobs integer NOT NULL,
     intents integer NOT NULL,
     rows bigint NOT NULL,
     redis_bytes bigint NOT NULL
   )`,
];
