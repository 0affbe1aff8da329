import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The activities in partitions by hash of the recipient, of which a shard has those of its own buckets; `sluice migrate`
 * makes them from the shard map. Another hash than before deals the recipients anew: rows that are there wait in
 * `activities_unsorted`, from where the same command takes them to where they belong now, and drops it.
 */
export class Partitions1763825000000 implements MigrationInterface {
  readonly name = 'Partitions1763825000000';

  async up(runner: QueryRunner): Promise<void> {
    await rename(runner, 'activities', 'activities_unsorted');
    await runner.query(table('PARTITION BY HASH (recipient_id)'));
    await runner.query(NOTIFICATION_INDEX);
    const [{ filled }] = (await runner.query(
      'SELECT EXISTS (SELECT FROM activities_unsorted) AS filled',
    )) as [{ filled: boolean }];
    if (!filled) await runner.query('DROP TABLE activities_unsorted');
    await runner.query(REFUSE_MOVED);
    await runner.query(ATTACH_FENCE);
  }

  /** Back to one plain table, with the rows that this shard holds. */
  async down(runner: QueryRunner): Promise<void> {
    await rename(runner, 'activities', 'activities_parted');
    await runner.query(
      table('WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05)'),
    );
    await runner.query(`INSERT INTO activities (${COLUMNS}) SELECT ${COLUMNS} FROM activities_parted`);
    await runner.query(NOTIFICATION_INDEX);
    await runner.query('DROP TABLE activities_parted CASCADE');
    await runner.query('DROP FUNCTION refuse_moved_bucket()');
    await runner.query(ATTACH_FENCE);
  }
}

const COLUMNS = 'recipient_id, stream, entry_id, kind, actor_id, subject_id';

const table = (how: string) => `
  CREATE TABLE activities (
    recipient_id bigint NOT NULL,
    stream smallint NOT NULL CHECK (stream BETWEEN 1 AND 3),
    entry_id bigint NOT NULL,
    kind smallint NOT NULL,
    actor_id bigint NOT NULL,
    subject_id bigint NOT NULL,
    PRIMARY KEY (${COLUMNS})
  ) ${how}`;

const NOTIFICATION_INDEX = `
  CREATE UNIQUE INDEX activities_notification ON activities (recipient_id, kind, subject_id, actor_id) WHERE stream = 3`;

const ATTACH_FENCE = `SELECT attach_fence('activities')`;

/**
 * For a row trigger on a partition whose bucket has moved away while its rows are still here: making it waits for the
 * writes under way, and after it only replication writes there, which fires no such trigger.
 */
const REFUSE_MOVED = `
  CREATE FUNCTION refuse_moved_bucket() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'the bucket of % has moved to another shard', TG_TABLE_NAME USING ERRCODE = 'SL002';
  END $$`;

async function rename(runner: QueryRunner, from: string, to: string): Promise<void> {
  await runner.query(`ALTER TABLE ${from} RENAME TO ${to}`);
  await runner.query(`ALTER INDEX ${from}_pkey RENAME TO ${to}_pkey`);
  await runner.query(`ALTER INDEX activities_notification RENAME TO ${to}_notification`);
}
