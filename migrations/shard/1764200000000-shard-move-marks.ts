import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a move of buckets writes on the one shard to see it arrive on the other: replication applies transactions in the
 * order of their commits, so all that was committed before a mark is there when the mark is.
 */
export class ShardMoveMarks1764200000000 implements MigrationInterface {
  readonly name = 'ShardMoveMarks1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE shard_move_marks (
        move_id bigint NOT NULL,
        direction varchar(5) NOT NULL CHECK (direction IN ('there', 'back')),
        number bigint NOT NULL DEFAULT 1,
        PRIMARY KEY (move_id, direction)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE shard_move_marks');
  }
}
