import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The fence before the activities: what the gate says, in the shard itself, so that a writer who has not heard of a
 * closed gate meets it in its own transaction.
 */
export class Fence1763820000000 implements MigrationInterface {
  readonly name = 'Fence1763820000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION drain_fence(integer), attach_fence(regclass)');
    await runner.query('DROP FUNCTION pass_fence() CASCADE');
    await runner.query('DROP TABLE activities_fence');
  }
}

const UP = [
  // revision: that of the gate's last change that arrived here; an older one changes nothing any more.
  `CREATE TABLE activities_fence (
     id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
     closed boolean NOT NULL DEFAULT false,
     key text,
     revision bigint NOT NULL DEFAULT 0,
     CHECK (closed = (key IS NOT NULL) AND key <> '')
   )`,
  'INSERT INTO activities_fence DEFAULT VALUES',

  // Fires before each statement that writes activities. The shared lock is held until the transaction ends; drain_fence
  // waits for everybody who has it. Looking before taking it answers at once when the gate is closed; looking afterwards
  // is what counts, and sees what was committed meanwhile, because each statement of a volatile function has a snapshot
  // of its own under READ COMMITTED, and only there.
  `CREATE FUNCTION pass_fence() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
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
     RETURN NULL;
   END $$`,

  // For each table that holds activities; a statement that names a partition fires the partition's own trigger alone.
  `CREATE FUNCTION attach_fence(target regclass) RETURNS void LANGUAGE plpgsql AS $$
   BEGIN
     EXECUTE format('CREATE OR REPLACE TRIGGER pass_fence BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
                     FOR EACH STATEMENT EXECUTE FUNCTION pass_fence()', target);
   END $$`,

  // Returns once everybody who passed the fence before has ended; 55P03 after patience_ms.
  `CREATE FUNCTION drain_fence(patience_ms integer) RETURNS void LANGUAGE plpgsql AS $$
   BEGIN
     PERFORM set_config('lock_timeout', patience_ms::text, true);
     PERFORM pg_advisory_xact_lock(727483, 2);
   END $$`,

  `SELECT attach_fence('activities')`,
];
