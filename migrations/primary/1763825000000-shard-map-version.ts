import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The shard map's version. Every statement that changes an owner raises it, whoever runs it, so none goes unnoticed. */
export class ShardMapVersion1763825000000 implements MigrationInterface {
  readonly name = 'ShardMapVersion1763825000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER shard_buckets_changed ON shard_buckets');
    await runner.query('DROP FUNCTION raise_shard_map_version()');
    await runner.query('DROP TABLE shard_map');
  }
}

const UP = [
  `CREATE TABLE shard_map (
     id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
     version bigint NOT NULL DEFAULT 1
   )`,
  'INSERT INTO shard_map DEFAULT VALUES',
  `CREATE FUNCTION raise_shard_map_version() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     UPDATE shard_map SET version = version + 1;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER shard_buckets_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON shard_buckets
   FOR EACH STATEMENT EXECUTE FUNCTION raise_shard_map_version()`,
];
