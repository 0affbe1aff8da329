import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Shards that were added to those of the setting, and the moves of buckets between shards. */
export class ShardMoves1764200000000 implements MigrationInterface {
  readonly name = 'ShardMoves1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE shard_moves, added_shards');
  }
}

const UP = [
  `CREATE TABLE added_shards (
     number smallint PRIMARY KEY CHECK (number > 0),
     url text NOT NULL,
     direct_url text,
     added_by text NOT NULL,
     added_at timestamptz NOT NULL DEFAULT now()
   )`,
  // Processes look at the version of the map alone.
  `CREATE TRIGGER added_shards_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON added_shards
   FOR EACH STATEMENT EXECUTE FUNCTION raise_shard_map_version()`,

  // The heartbeat tells a move that somebody carries on from one whose process is gone; the runner, whose it is. An error
  // keeps it where it is until somebody has it go on. sync_slots: what Postgres calls the slots that it makes for itself
  // while it copies, as a regular expression.
  `CREATE TABLE shard_moves (
     id bigint PRIMARY KEY DEFAULT next_id(),
     source smallint NOT NULL,
     target smallint NOT NULL CHECK (target <> source),
     buckets smallint[] NOT NULL CHECK (cardinality(buckets) > 0),
     state varchar(10) NOT NULL DEFAULT 'preparing' CHECK (state IN (
       'preparing', 'copying', 'comparing', 'switching', 'settling', 'moved', 'finishing', 'returning', 'clearing',
       'aborting', 'done', 'returned', 'aborted')),
     error text,
     requested_by text NOT NULL,
     runner uuid,
     heartbeat_at timestamptz NOT NULL DEFAULT now(),
     abort_requested boolean NOT NULL DEFAULT false,
     sync_slots text,
     progress jsonb NOT NULL DEFAULT '{}',
     write_pause_ms integer,
     started_at timestamptz NOT NULL DEFAULT now(),
     moved_at timestamptz,
     finished_at timestamptz
   )`,
  `CREATE UNIQUE INDEX shard_moves_under_way ON shard_moves ((true))
   WHERE state NOT IN ('moved', 'done', 'returned', 'aborted')`,
];
