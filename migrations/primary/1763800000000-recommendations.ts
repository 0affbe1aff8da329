import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom somebody does not want recommended, and whom newcomers are shown. */
export class Recommendations1763800000000 implements MigrationInterface {
  readonly name = 'Recommendations1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE most_followed, recommendation_dismissals');
  }
}

const UP = [
  `CREATE TABLE recommendation_dismissals (
     owner_id bigint NOT NULL,
     subject_id bigint NOT NULL,
     dismissed_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (owner_id, subject_id)
   )`,

  // One row: the list is read whole and replaced whole.
  `CREATE TABLE most_followed (
     id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
     user_ids bigint[] NOT NULL DEFAULT '{}',
     refreshed_at timestamptz NOT NULL DEFAULT '-infinity'
   )`,
  'INSERT INTO most_followed DEFAULT VALUES',
];
