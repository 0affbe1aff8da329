import type { INestApplicationContext } from '@nestjs/common';
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
  private readonly parts: readonly { shard: Database; followers: Follower[] }[];

  constructor(
    services: INestApplicationContext,
    private readonly audience: Audience,
    sessionsPerShard: number,
  ) {
    const groups = services.get(ShardRouter).group(audience.followers, (follower) => follower.id);
    this.parts = [...groups].flatMap(([shard, all]) =>
      split(all, sessionsPerShard).map((followers) => ({ shard, followers })),
    );
  }

  /** Writes the rows of one post to everybody. @returns the seconds from the first byte to the last commit */
  async write(postId: Id): Promise<number> {
    const end = `\t${postId}\t${codeOfKind('post')}\t${this.audience.author}\t${postId}\n`;
    // Connected and put together beforehand: what is measured is Postgres, not the joining of texts.
    const loads = await Promise.all(
      this.parts.map(async ({ shard, followers }) => {
        const lines = followers.map(({ id, stream }) => `${id}\t${stream}${end}`);
        const chunks = [...chunksOf(lines)].map((chunk) => Buffer.from(chunk));
        return { client: await shard.dedicatedClient(), chunks };
      }),
    );
    const began = performance.now();
    await Promise.all(loads.map(({ client, chunks }) => copyChunks(client, COLUMNS, chunks)));
    const seconds = (performance.now() - began) / 1_000;
    await Promise.all(loads.map(({ client }) => client.end()));
    return seconds;
  }
}

function split<Item>(items: readonly Item[], parts: number): Item[][] {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(part * size, (part + 1) * size));
}
