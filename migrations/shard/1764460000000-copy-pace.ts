import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What paces the copy of a bucket: a row trigger of the partition that is being filled, which fires for few rows. Postgres
 * copies one table in one transaction, so the moment at which the copy woke last is a setting of that transaction. Copies of
 * several tables at a time, as Postgres makes them by default, take turns, a table each: together they work no more than
 * one. Whoever applies changes to tables that are copied already is left alone.
 */
export class CopyPace1764460000000 implements MigrationInterface {
  readonly name = 'CopyPace1764460000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION pace_copy() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        woke float8 := nullif(current_setting('sluice.copy_woke', true), '');
        seconds float8;
      BEGIN
        IF woke IS NULL THEN
          IF EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = TG_RELID AND srsubstate = 'd') THEN
            PERFORM pg_advisory_xact_lock(727483, 5);
            woke := 0;
          ELSE
            woke := 'infinity';
          END IF;
        ELSIF woke < 'infinity' THEN
          -- What stood still for another reason is not to be made up for.
          seconds := least(extract(epoch FROM clock_timestamp()) - woke, 0.5);
          PERFORM pg_sleep(seconds * (1 / TG_ARGV[0]::float8 - 1));
        END IF;
        IF woke < 'infinity' THEN
          woke := extract(epoch FROM clock_timestamp());
        END IF;
        PERFORM set_config('sluice.copy_woke', woke::text, true);
        RETURN NEW;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION pace_copy() CASCADE');
  }
}
