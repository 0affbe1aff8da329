import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The view of what statements cost. It is for operators alone, so a server that has no such extension, or a role that may
 * not create it, does without; the report of slow queries says so.
 */
export class StatementStatistics1763841000000 implements MigrationInterface {
  readonly name: string = 'StatementStatistics1763841000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DO $$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
      EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
        RAISE NOTICE 'without pg_stat_statements: %', SQLERRM;
      END $$`);
  }

  /** It may have been there before, so it stays. */
  down(): Promise<void> {
    return Promise.resolve();
  }
}
