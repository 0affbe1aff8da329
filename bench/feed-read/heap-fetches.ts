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
  'Index Name'?: string;
  'Heap Fetches'?: number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
}

/**
 * How often the feed query went to the table, because its index alone did not answer, over the first pages of some
 * recipients; how many pages of 8 KB it looked at; and what EXPLAIN says of one of them.
 * @throws Error when its plan is not an index-only scan
 */
export async function countHeapFetches(
  services: INestApplicationContext,
  recipients: readonly Id[],
): Promise<{ fetches: number; buffers: number; plan: string }> {
  const router = services.get(ShardRouter);
  let fetches = 0;
  let buffers = 0;
  let plan = '';
  for (const recipient of recipients) {
    const bucket = bucketOf(recipient);
    const rows = await router.ownerOf(bucket).query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      {
        name: `bench_explain_${bucket}`,
        text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${streamPages[bucket]!.text}`,
      },
      [recipient, STREAMS.friends, LAST_ID, '32767', LAST_ID, 21],
    );
    const root = rows[0]!['QUERY PLAN'][0].Plan;
    buffers += (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0);
    const nodes = flatten(root);
    const scan = nodes.find((node) => node['Node Type'] === 'Index Only Scan');
    if (!scan) throw new Error(`The feed query is not index-only: ${JSON.stringify(nodes)}`);
    plan = `${scan['Node Type']} using ${scan['Index Name']}, Heap Fetches: ${scan['Heap Fetches']}`;
    fetches += nodes.reduce((sum, node) => sum + (node['Heap Fetches'] ?? 0), 0);
  }
  return { fetches, buffers, plan };
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
