import type { Config } from '../config/config.js';
import { Database } from './database.js';
import { sqlFile } from './sql.js';

/** A shard that an operator has added; its URLs carry passwords, so they are neither logged nor shown. */
export interface AddedShard {
  number: number;
  url: string;
  directUrl: string | null;
}

/** Where a shard is. */
export interface ShardAddress {
  number: number;
  url: string;
  directUrl: string | undefined;
}

export const readAddedShards = sqlFile<AddedShard>(import.meta.url, './read-added-shards.sql');

/**
 * Where every shard is, in the order of their numbers: those that the setting names, then those that were added since it
 * was written. Where both name one, the setting does: passwords and hosts change there.
 * @throws Error when a number is missing: the setting names fewer shards than it did when others were added
 */
export function shardAddresses(
  { shardUrls, shardDirectUrls }: Config['database'],
  added: readonly AddedShard[],
): ShardAddress[] {
  const named = shardUrls.map((url, number) => ({ number, url, directUrl: shardDirectUrls[number] }));
  const others = added
    .filter(({ number }) => number >= named.length)
    .map(({ directUrl, ...shard }) => ({ ...shard, directUrl: directUrl ?? undefined }));
  const all = [...named, ...others];
  const missing = all.findIndex(({ number }, place) => number !== place);
  if (missing !== -1)
    throw new Error(`ACTIVITY_SHARD_URLS does not name shard ${missing}, which it did before.`);
  return all;
}

/** A pool of connections to a shard. */
export function openShard(
  settings: Config['database'],
  { number, url, directUrl }: ShardAddress,
  poolSize: number,
): Database {
  return new Database({ ...settings, name: `shard-${number}`, url, directUrl, poolSize });
}
