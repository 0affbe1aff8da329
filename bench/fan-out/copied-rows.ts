import type { INestApplicationContext } from '@nestjs/common';
import type pg from 'pg';
import { codeOfKind } from '../../src/activities/activity.js';
import type { Database } from '../../src/platform/database/database.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { chunksOf, copyChunks } from '../harness/copy.js';
import type { Audience, Follower } from './audience.js';

const COLUMNS = 'activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)';

/**
 * The alternative to fan-out that has nothing to decide: COPY of the very rows into the very table, with as many
 * sessions on each shard as fan-out uses, each with its own range of recipients.
 */
export class CopiedRows {
  private constructor(
    private readonly audience: Audience,
    private readonly sessions: readonly { client: pg.Client; followers: Follower[] }[],
  ) {}

  static async open(
    services: INestApplicationContext,
    audience: Audience,
    sessionsPerShard: number,
  ): Promise<CopiedRows> {
    const groups = services.get(ShardRouter).group(audience.followers, (follower) => follower.id);
    const parts = [...groups].flatMap(([shard, followers]) =>
      split(followers, sessionsPerShard).map((part): [Database, Follower[]] => [shard, part]),
    );
    const sessions = await Promise.all(
      parts.map(async ([shard, followers]) => ({ client: await shard.dedicatedClient(), followers })),
    );
    return new CopiedRows(audience, sessions);
  }

  /** Writes the rows of one post to everybody. @returns the seconds from the first byte to the last commit */
  async write(postId: Id): Promise<number> {
    const end = `\t${postId}\t${codeOfKind('post')}\t${this.audience.author}\t${postId}\n`;
    // Put together beforehand: what is measured is Postgres, not the joining of texts.
    const loads = this.sessions.map(({ client, followers }) => ({
      client,
      chunks: [...chunksOf(followers.map(({ id, stream }) => `${id}\t${stream}${end}`))].map((chunk) =>
        Buffer.from(chunk),
      ),
    }));
    const began = performance.now();
    await Promise.all(loads.map(({ client, chunks }) => copyChunks(client, COLUMNS, chunks)));
    return (performance.now() - began) / 1_000;
  }

  async close(): Promise<void> {
    await Promise.all(this.sessions.map(({ client }) => client.end()));
  }
}

function split<Item>(items: readonly Item[], parts: number): Item[][] {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(part * size, (part + 1) * size));
}
