import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';

/** A thing, its rows so far, and what its tables take with their indexes. */
export interface TableSize {
  rows: number;
  bytes: number;
}

/** In the primary: the table whose rows are counted, and those that grow with it. */
const THINGS = {
  user: ['users', 'sessions', 'graph_owners'],
  follow: ['relationships'],
  post: ['posts'],
  receipt: ['fanouts'],
  love: ['loves'],
} as const;

export type Sizes = Record<keyof typeof THINGS | 'activity', TableSize>;

export async function tableSizes(services: INestApplicationContext): Promise<Sizes> {
  const primary = services.get(PrimaryDatabase);
  const sizes = await Promise.all(
    Object.entries(THINGS).map(async ([thing, tables]) => {
      const bytes = tables.map((table) => `pg_total_relation_size('${table}')`).join(' + ');
      const text = `SELECT (${bytes})::float8 AS bytes, count(*)::float8 AS rows FROM ${tables[0]}`;
      const [size] = await primary.query<TableSize>({ name: `bench_size_${thing}`, text });
      return [thing, size!] as const;
    }),
  );
  const text = `
    SELECT count(*)::float8 AS rows,
      (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('activities') WHERE isleaf)::float8 AS bytes
    FROM activities`;
  const shards = await Promise.all(
    services.get(ShardRouter).shards.map((shard) => shard.query<TableSize>({ name: 'bench_size', text })),
  );
  const sum = (key: keyof TableSize) => shards.flat().reduce((total, size) => total + size[key], 0);
  return { ...Object.fromEntries(sizes), activity: { rows: sum('rows'), bytes: sum('bytes') } } as Sizes;
}

/** What each row has added between two looks: what tables take empty is left out. */
export const bytesEach = (before: TableSize, after: TableSize): number =>
  (after.bytes - before.bytes) / (after.rows - before.rows);
