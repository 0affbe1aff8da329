import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an exact mirror and the deletion of accounts need. */
export class Graph1763700000000 implements MigrationInterface {
  readonly name = 'Graph1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX relationships_hiders, relationships_hidden');
    await runner.query('ALTER TABLE graph_owners DROP COLUMN changed_at');
    await runner.query('ALTER TABLE users DROP COLUMN deleted_at');
  }
}

const UP = [
  // Who blocks or mutes somebody; few, and asked for when that one leaves.
  'CREATE INDEX relationships_hiders ON relationships (subject_id, owner_id) INCLUDE (kind) WHERE kind IN (3, 4)',

  // Whom somebody blocks or mutes, for those lists; few among the many whom they follow.
  'CREATE INDEX relationships_hidden ON relationships (owner_id, subject_id) INCLUDE (kind) WHERE kind IN (3, 4)',

  // A rebuild that was cut off loads those anew who changed since it began.
  'ALTER TABLE graph_owners ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now()',

  // A deleted account leaves its id behind, so that what still names it finds nobody.
  'ALTER TABLE users ADD COLUMN deleted_at timestamptz',
];
