import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An operator may decide how an author's posts are delivered; such a decision stays whatever the audience. */
export class OperatorsDeliveries1763876000000 implements MigrationInterface {
  readonly name = 'OperatorsDeliveries1763876000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE pulled_authors ADD COLUMN by_operator boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE pulled_authors DROP COLUMN by_operator');
  }
}
