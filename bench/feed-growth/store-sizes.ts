import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';

/** What lies on the disk. */
export interface StoreSizes {
  tableBytes: number;
  indexBytes: number;
  postBytes: number;
}

const activitySizes = {
  name: 'bench_activity_sizes',
  text: `SELECT sum(pg_table_size(relid))::float8 AS "tableBytes", sum(pg_indexes_size(relid))::float8 AS "indexBytes"
         FROM pg_partition_tree('activities')`,
};
const postSize = {
  name: 'bench_post_size',
  text: `SELECT pg_total_relation_size('posts')::float8 AS "postBytes"`,
};

/** How large the activities, their indexes and the posts are by now. */
export async function describeStores(services: INestApplicationContext): Promise<StoreSizes> {
  const [posts] = await services.get(PrimaryDatabase).query<Pick<StoreSizes, 'postBytes'>>(postSize);
  const sums: StoreSizes = { tableBytes: 0, indexBytes: 0, postBytes: posts!.postBytes };
  for (const shard of services.get(ShardRouter).shards) {
    const [sizes] = await shard.query<Omit<StoreSizes, 'postBytes'>>(activitySizes);
    sums.tableBytes += sizes!.tableBytes;
    sums.indexBytes += sizes!.indexBytes;
  }
  return sums;
}
