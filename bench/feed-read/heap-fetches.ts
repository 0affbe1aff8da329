import type { INestApplicationContext } from '@nestjs/common';
import { STREAMS } from '../../src/activities/activity.js';
import { perBucket } from '../../src/activities/leaves.js';
import { bucketOf } from '../../src/platform/database/buckets.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import { sqlFile } from '../../src/platform/database/sql.js';
import type { Id } from '../../src/platform/ids/ids.js';

const streamPages = perBucket(sqlFile(import.meta.url, '../../src/activities/sql/stream-page.sql'));
const LAST_ID = '9223372036854775807';

interface PlanNode {
  'Node Type': string;
  'Heap Fetches'?: number;
  Plans?: PlanNode[];
}

/**
 * How often the feed query went to the table, because its index alone did not answer, over the first pages of some
 * recipients.
 * @throws Error when its plan is not an index-only scan
 */
export async function countHeapFetches(
  services: INestApplicationContext,
  recipients: readonly Id[],
): Promise<number> {
  const router = services.get(ShardRouter);
  let fetches = 0;
  for (const recipient of recipients) {
    const bucket = bucketOf(recipient);
    const rows = await router.ownerOf(bucket).query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      {
        name: `bench_explain_${bucket}`,
        text: `EXPLAIN (ANALYZE, FORMAT JSON) ${streamPages[bucket]!.text}`,
      },
      [recipient, STREAMS.friends, LAST_ID, '32767', LAST_ID, 21],
    );
    const nodes = flatten(rows[0]!['QUERY PLAN'][0].Plan);
    if (!nodes.some((node) => node['Node Type'] === 'Index Only Scan'))
      throw new Error(`The feed query is not index-only: ${JSON.stringify(nodes)}`);
    fetches += nodes.reduce((sum, node) => sum + (node['Heap Fetches'] ?? 0), 0);
  }
  return fetches;
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
