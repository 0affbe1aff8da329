import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import pgCopy from 'pg-copy-streams';
import type pg from 'pg';
import type { Id } from '../platform/ids/ids.js';

/** Makes many accounts at once, without e-mail and password: for imports. */
@Injectable()
export class BulkAccounts {
  /**
   * Makes the accounts that are missing, and finds the others.
   * @param client a connection of its own
   * @param usernames valid usernames, each once
   * @returns their ids, in the order given
   */
  async ensure(client: pg.Client, usernames: readonly string[]): Promise<Id[]> {
    await client.query('CREATE TEMP TABLE imported_users (place int, username varchar(30))');
    try {
      await pipeline(
        Readable.from(copyLines(usernames)),
        client.query(pgCopy.from('COPY imported_users FROM STDIN')),
      );
      await client.query(`
        INSERT INTO users (username) SELECT username FROM imported_users ORDER BY place
        ON CONFLICT (lower(username)) DO NOTHING`);
      const { rows } = await client.query<{ id: Id }>(`
        SELECT users.id FROM imported_users JOIN users ON lower(users.username) = lower(imported_users.username)
        ORDER BY imported_users.place`);
      return rows.map((row) => row.id);
    } finally {
      await client.query('DROP TABLE imported_users');
    }
  }
}

function* copyLines(usernames: readonly string[]): Generator<string> {
  for (const [place, username] of usernames.entries()) yield `${place}\t${username}\n`;
}
