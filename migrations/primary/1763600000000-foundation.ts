import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users, sessions, the graph, posts, the outbox, receipts, the gate and the shard map. */
export class Foundation1763600000000 implements MigrationInterface {
  readonly name = 'Foundation1763600000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE shard_buckets, notification_marks, gate, fanout_chunks, fanouts, outbox, idempotency_keys, posts, relationships,
        graph_owners, sessions, users`);
    await runner.query('DROP FUNCTION next_id()');
    await runner.query('DROP SEQUENCE id_sequence');
  }
}

const UP = [
  'CREATE SEQUENCE id_sequence CACHE 32',

  // 41 bits of milliseconds since 2010-01-01 UTC, 22 bits of a sequence: unique while fewer than four million ids are
  // drawn within one millisecond.
  `CREATE FUNCTION next_id() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
     SELECT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1262304000000) << 22
            | (nextval('id_sequence') & 4194303)
   $$`,

  `CREATE TABLE users (
     id bigint PRIMARY KEY DEFAULT next_id(),
     username varchar(30) NOT NULL,
     email varchar(254),
     password_hash text,
     role varchar(10) NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
     name varchar(50) NOT NULL DEFAULT '',
     bio varchar(500) NOT NULL DEFAULT '',
     avatar_url varchar(2048),
     posts_count integer NOT NULL DEFAULT 0
   ) WITH (fillfactor = 90)`,
  'CREATE UNIQUE INDEX users_username ON users (lower(username))',
  'CREATE UNIQUE INDEX users_email ON users (lower(email))',

  // One row is one login on one device: a family of refresh tokens, of which only the newest generation is good.
  `CREATE TABLE sessions (
     id bigint PRIMARY KEY DEFAULT next_id(),
     user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
     generation integer NOT NULL DEFAULT 1,
     expires_at timestamptz NOT NULL,
     revoked_at timestamptz
   ) WITH (fillfactor = 90)`,
  'CREATE INDEX sessions_user ON sessions (user_id)',
  'CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL',
  'CREATE INDEX sessions_expiry ON sessions (expires_at)',

  // Locked by every change of an owner's relationships; the version counts those changes without a gap.
  `CREATE TABLE graph_owners (
     owner_id bigint PRIMARY KEY,
     version bigint NOT NULL DEFAULT 0,
     friends integer NOT NULL DEFAULT 0,
     noise integer NOT NULL DEFAULT 0
   ) WITH (fillfactor = 80)`,

  // No foreign key to the subject: each follow of a popular account would take a share lock on one and the same row.
  `CREATE TABLE relationships (
     owner_id bigint NOT NULL,
     subject_id bigint NOT NULL,
     kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 4),
     since timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (owner_id, subject_id) INCLUDE (kind),
     CHECK (owner_id <> subject_id)
   )`,
  `CREATE INDEX relationships_audience ON relationships (subject_id, owner_id) INCLUDE (kind) WHERE kind IN (1, 2)`,
  `ALTER TABLE relationships SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_scale_factor = 0.05)`,

  `CREATE TABLE posts (
     id bigint PRIMARY KEY DEFAULT next_id(),
     author_id bigint NOT NULL,
     body text NOT NULL,
     mentions bigint[] NOT NULL DEFAULT '{}',
     edited_at timestamptz,
     comments_count integer NOT NULL DEFAULT 0,
     loves_count integer NOT NULL DEFAULT 0,
     reposts_count integer NOT NULL DEFAULT 0,
     views_count bigint NOT NULL DEFAULT 0
   ) WITH (fillfactor = 90)`,
  'CREATE INDEX posts_author ON posts (author_id, id)',

  // The answer to a repeated request is the thing that the first one made; the digest tells a repeat from a misuse.
  `CREATE TABLE idempotency_keys (
     user_id bigint NOT NULL,
     key varchar(255) NOT NULL,
     request_digest bytea NOT NULL,
     resource_id bigint NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (user_id, key)
   )`,
  'CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)',

  // An intent that must not be lost. dispatch_at is the moment from which anyone may (again) take it up; done = deleted.
  `CREATE TABLE outbox (
     id bigint PRIMARY KEY DEFAULT next_id(),
     topic varchar(64) NOT NULL,
     payload jsonb NOT NULL,
     dispatch_at timestamptz NOT NULL DEFAULT now(),
     attempts integer NOT NULL DEFAULT 0
   ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500)`,
  'CREATE INDEX outbox_due ON outbox (dispatch_at)',
  'CREATE INDEX outbox_topic ON outbox (topic, id)',

  // Up to which entry its owner has read their notifications.
  `CREATE TABLE notification_marks (
     user_id bigint PRIMARY KEY,
     read_upto bigint NOT NULL
   ) WITH (fillfactor = 80)`,

  `CREATE TABLE fanouts (
     post_id bigint PRIMARY KEY,
     author_id bigint NOT NULL,
     state varchar(10) NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done')),
     expected integer NOT NULL DEFAULT 0,
     written integer NOT NULL DEFAULT 0,
     skipped integer NOT NULL DEFAULT 0,
     chunks integer NOT NULL DEFAULT 0,
     chunks_done integer NOT NULL DEFAULT 0,
     started_at timestamptz NOT NULL DEFAULT now(),
     finished_at timestamptz
   ) WITH (fillfactor = 80)`,
  `CREATE TABLE fanout_chunks (
     post_id bigint NOT NULL,
     number integer NOT NULL,
     after_id bigint NOT NULL,
     upto_id bigint NOT NULL,
     expected integer NOT NULL,
     PRIMARY KEY (post_id, number)
   )`,

  `CREATE TABLE gate (
     id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
     closed boolean NOT NULL DEFAULT false,
     reason text,
     closed_by text,
     closed_at timestamptz,
     reopens_at timestamptz
   )`,
  'INSERT INTO gate DEFAULT VALUES',

  'CREATE TABLE shard_buckets (bucket smallint PRIMARY KEY, shard smallint NOT NULL)',
];
