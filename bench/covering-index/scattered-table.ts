import type pg from 'pg';

const TABLE = 'bench_scattered';
const STEP = 50;

/** How the rows of a table came to lie where they lie. */
export interface Layout {
  rows: number;
  recipients: number;
}

/**
 * Makes a table that is laid out as badly as years of use would: rows of all recipients interleaved, post by post; every
 * other row deleted at random, and vacuumed; and as many new ones put wherever there was room.
 * @returns its name
 */
export async function makeScatteredTable(client: pg.Client, { rows, recipients }: Layout): Promise<string> {
  await client.query(`
    CREATE TABLE ${TABLE} (
      recipient_id bigint NOT NULL, stream smallint NOT NULL, entry_id bigint NOT NULL, kind smallint NOT NULL,
      actor_id bigint NOT NULL, subject_id bigint NOT NULL
    ) WITH (autovacuum_enabled = false)`);
  const posts = Math.ceil(rows / recipients);
  const write = async (from: number, to: number, share: number) => {
    for (let first = from; first <= to; first += STEP)
      await client.query(FILL, [first, Math.min(to, first + STEP - 1), recipients, share]);
  };
  await client.query('SELECT setseed(0.5)');
  await write(1, posts, 1);
  await client.query(`DELETE FROM ${TABLE} WHERE random() < 0.5`);
  await client.query(`VACUUM ${TABLE}`);
  await write(posts + 1, 2 * posts, 0.5);
  await client.query(`VACUUM (ANALYZE) ${TABLE}`);
  return TABLE;
}

/** Posts from $1 to $2, each for a share ($4) of the recipients 1 to $3. */
const FILL = `
  INSERT INTO ${TABLE} (recipient_id, stream, entry_id, kind, actor_id, subject_id)
  SELECT recipient, 1, post, 1, post % 1000, post
  FROM generate_series($1::bigint, $2::bigint) AS post, generate_series(1::bigint, $3::bigint) AS recipient
  WHERE $4::float8 >= 1 OR random() < $4::float8`;
