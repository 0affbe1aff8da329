import type { INestApplicationContext } from '@nestjs/common';
import { codeOfKind, STREAMS } from '../../src/activities/activity.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { firstIdAt, type Id } from '../../src/platform/ids/ids.js';

/** Posts that nobody wrote begin here, a minute apart, so that what is posted during the measurement is newer. */
const FIRST_POST = Date.UTC(2025, 0, 1);
const MINUTE_MS = 60_000;
const POSTS_AT_ONCE = 50;

/**
 * Fills the shards' tables with rows in the order in which fan-out would have written them: post by post, each for every
 * recipient; then vacuums, as the autovacuum of a running installation would have.
 * @param rows about how many
 * @returns the recipients
 */
export async function fillShards(
  services: INestApplicationContext,
  rows: number,
  recipientCount: number,
): Promise<readonly Id[]> {
  const router = services.get(ShardRouter);
  const first = BigInt(firstIdAt(new Date(FIRST_POST)));
  const recipients = Array.from({ length: recipientCount }, (_, number) => String(first + BigInt(number)));
  const posts = Array.from({ length: Math.ceil(rows / recipientCount) }, (_, number) =>
    firstIdAt(new Date(FIRST_POST + (number + 1) * MINUTE_MS)),
  );
  const groups = router.group(recipients, (recipient) => recipient);
  await Promise.all(
    [...groups].map(async ([shard, members]) => {
      const client = await shard.dedicatedClient();
      try {
        for (let start = 0; start < posts.length; start += POSTS_AT_ONCE)
          await client.query(FILL, [
            members,
            posts.slice(start, start + POSTS_AT_ONCE),
            STREAMS.friends,
            codeOfKind('post'),
          ]);
        await client.query('VACUUM (ANALYZE)');
      } finally {
        await client.end();
      }
    }),
  );
  return recipients;
}

const FILL = `
  INSERT INTO activities (recipient_id, stream, entry_id, kind, actor_id, subject_id)
  SELECT recipient, $3, post, $4, post % 1000, post
  FROM unnest($2::bigint[]) AS post, unnest($1::bigint[]) AS recipient ORDER BY post`;
