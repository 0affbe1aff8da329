import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';

const run = promisify(execFile);
const SEGMENT_BYTES = 1024 ** 3;

/**
 * Puts out of memory what belongs to a relation: its pages in Postgres's cache (pg_buffercache_evict_relation), and its
 * files in the system's (posix_fadvise DONTNEED, by way of `dd`). What the disk itself keeps stays.
 */
export class ColdRelation {
  private constructor(
    private readonly client: pg.Client,
    private readonly name: string,
    private readonly files: readonly string[],
  ) {}

  /** The relation's changes have to be on disk: a page that is dirty stays in memory. */
  static async find(client: pg.Client, name: string): Promise<ColdRelation> {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_buffercache');
    const { rows } = await client.query<{ folder: string; path: string; bytes: string }>(
      `SELECT current_setting('data_directory') AS folder, pg_relation_filepath($1::regclass) AS path,
         pg_relation_size($1::regclass) AS bytes`,
      [name],
    );
    const { folder, path, bytes } = rows[0]!;
    const segments = Math.max(1, Math.ceil(Number(bytes) / SEGMENT_BYTES));
    const files = Array.from({ length: segments }, (_, number) =>
      join(folder, number ? `${path}.${number}` : path),
    );
    return new ColdRelation(client, name, [...files, join(folder, `${path}_vm`)]);
  }

  async forget(): Promise<void> {
    await this.client.query('SELECT pg_buffercache_evict_relation($1::regclass)', [this.name]);
    for (const file of this.files)
      await run('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']).catch((error: unknown) => {
        // An index has no visibility map.
        if (!file.endsWith('_vm')) throw error;
      });
  }
}
