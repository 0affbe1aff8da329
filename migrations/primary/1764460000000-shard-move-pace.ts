import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In which share of the time a move copies and compares; the rest of it is the readers'. */
export class ShardMovePace1764460000000 implements MigrationInterface {
  readonly name = 'ShardMovePace1764460000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE shard_moves ADD COLUMN pace real NOT NULL DEFAULT 1 CHECK (pace > 0 AND pace <= 1)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE shard_moves DROP COLUMN pace');
  }
}
