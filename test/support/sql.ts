import pg from 'pg';

/** A connection to a database of the test's own, past the product. The caller ends it. */
export async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** The same server's `postgres` database, for what concerns whole databases. */
export function maintenanceUrl(url: string): string {
  const changed = new URL(url);
  changed.pathname = '/postgres';
  return changed.href;
}
