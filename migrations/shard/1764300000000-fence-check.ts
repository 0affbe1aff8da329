import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The fence as a function that can be called, beside the trigger that calls it: for tables that can have no trigger, as
 * those that Citus distributes. Whoever calls it first in a transaction writes behind the fence, as if by the trigger.
 */
export class FenceCheck1764300000000 implements MigrationInterface {
  readonly name = 'FenceCheck1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION check_fence() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
      BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
          RAISE EXCEPTION 'activities are written in READ COMMITTED transactions alone' USING ERRCODE = '0A000';
        END IF;
        FOR look IN 1..2 LOOP
          IF EXISTS (SELECT FROM activities_fence
                     WHERE closed AND key IS DISTINCT FROM current_setting('sluice.gate_key', true)) THEN
            RAISE EXCEPTION 'the gate before the activities is closed' USING ERRCODE = 'SL001';
          END IF;
          IF look = 1 THEN PERFORM pg_advisory_xact_lock_shared(727483, 2); END IF;
        END LOOP;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION check_fence()');
  }
}
