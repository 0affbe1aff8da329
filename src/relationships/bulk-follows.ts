import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import pgCopy from 'pg-copy-streams';
import { errorText } from '../platform/error-text.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import type { FollowKind } from '../users/user-view.js';
import { ownersChanged } from './changes.js';
import { codeOf } from './kinds.js';
import { Mirror } from './mirror/mirror.js';

const OWNERS_PER_JOB = 500;

/** Loads many follows at once; the mirror follows through the outbox, as with any other change. */
@Injectable()
export class BulkFollows {
  private readonly logger = new Logger('BulkFollows');

  constructor(
    private readonly outbox: Outbox,
    private readonly mirror: Mirror,
  ) {}

  /**
   * Loads follows in one transaction. Pairs that have a relationship already keep it, and nobody is made to follow
   * somebody who has blocked them. Their feeds begin now: what was published before is not brought in.
   * @param client a connection of its own
   * @param edges pairs of owner and subject, owners side by side
   * @returns how many follows are new
   */
  async load(client: pg.Client, kind: FollowKind, edges: Iterable<readonly [Id, Id]>): Promise<number> {
    await client.query('BEGIN');
    try {
      await client.query(
        'CREATE TEMP TABLE imported_follows (owner_id bigint, subject_id bigint) ON COMMIT DROP',
      );
      const copy = client.query(pgCopy.from('COPY imported_follows FROM STDIN'));
      await pipeline(Readable.from(copyLines(edges)), copy);
      await client.query('ANALYZE imported_follows');
      await this.lockOwners(client);
      const changed = await this.insert(client, kind);
      const jobs = await this.recordJobs(client, changed.owners);
      await client.query('COMMIT');
      await this.bringToMirror(jobs);
      return changed.follows;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  private async lockOwners(client: pg.Client): Promise<void> {
    await client.query(`
      INSERT INTO graph_owners (owner_id) SELECT DISTINCT owner_id FROM imported_follows ORDER BY owner_id
      ON CONFLICT DO NOTHING`);
    await client.query(`
      SELECT FROM graph_owners WHERE owner_id IN (SELECT owner_id FROM imported_follows) ORDER BY owner_id FOR UPDATE`);
  }

  private async insert(client: pg.Client, kind: FollowKind): Promise<{ follows: number; owners: Id[] }> {
    const { rows } = await client.query<{ owner_id: Id; follows: number }>(
      `WITH written AS (
         INSERT INTO relationships (owner_id, subject_id, kind, floor)
         SELECT DISTINCT owner_id, subject_id, $1::smallint, (SELECT next_id()) FROM imported_follows AS given
         WHERE owner_id <> subject_id AND NOT EXISTS (
           SELECT FROM relationships AS theirs
           WHERE theirs.owner_id = given.subject_id AND theirs.subject_id = given.owner_id AND theirs.kind = $2
         )
         ORDER BY owner_id, subject_id
         ON CONFLICT DO NOTHING
         RETURNING owner_id
       ), counts AS (SELECT owner_id, count(*)::int AS follows FROM written GROUP BY owner_id)
       UPDATE graph_owners AS owner
       SET version = version + 1, changed_at = now(),
         friends = friends + CASE WHEN $3 THEN counts.follows ELSE 0 END,
         noise = noise + CASE WHEN $3 THEN 0 ELSE counts.follows END
       FROM counts WHERE owner.owner_id = counts.owner_id
       RETURNING owner.owner_id, counts.follows`,
      [codeOf(kind), codeOf('block'), kind === 'friend'],
    );
    return {
      follows: rows.reduce((sum, row) => sum + row.follows, 0),
      owners: rows.map((row) => row.owner_id),
    };
  }

  private async recordJobs(client: pg.Client, owners: Id[]): Promise<{ id: Id; ownerIds: Id[] }[]> {
    const jobs: { id: Id; ownerIds: Id[] }[] = [];
    for (let start = 0; start < owners.length; start += OWNERS_PER_JOB) {
      const ownerIds = owners.slice(start, start + OWNERS_PER_JOB);
      jobs.push({ id: await this.outbox.recordOn(client, ownersChanged, { ownerIds }, 60_000), ownerIds });
    }
    return jobs;
  }

  private async bringToMirror(jobs: { id: Id; ownerIds: Id[] }[]): Promise<void> {
    try {
      for (const { id, ownerIds } of jobs) {
        await this.mirror.reload(ownerIds);
        await this.outbox.done([id]);
      }
    } catch (error) {
      this.logger.warn(`the mirror follows later, by way of the outbox: ${errorText(error)}`);
    }
  }
}

function* copyLines(edges: Iterable<readonly [Id, Id]>): Generator<string> {
  let chunk = '';
  for (const [owner, subject] of edges) {
    chunk += `${owner}\t${subject}\n`;
    if (chunk.length > 65_536) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk) yield chunk;
}
