import type { INestApplicationContext } from '@nestjs/common';
import { FeedReader } from '../../src/feeds/feed-reader.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import { ShardRouter } from '../../src/platform/database/shards.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { MirrorVerification } from '../../src/relationships/mirror-verification.js';
import { Random } from '../harness/random.js';
import { type PlainModel, rowText } from './plain-model.js';

/** How many readers' feeds are read to the end. */
const READERS = 300;
const PAGE = 50;
const FETCH = 50_000;

/** Where the stores and the model differ. */
export interface Differences {
  rows: number;
  missingRows: number;
  surplusRows: number;
  /** Posts whose comments or reposts are miscounted, or that are not there. */
  wrongCounts: number;
  feedsRead: number;
  wrongFeeds: number;
  /** Differences between mirror and Postgres, over all users. */
  drift: number;
}

/** Compares everything that was written with the model, row by row, and a sample of feeds page by page. */
export async function compareWithModel(
  services: INestApplicationContext,
  model: PlainModel,
): Promise<Differences> {
  const missing = new Set(model.rows());
  const rows = missing.size;
  const surplusRows = await strikeRows(services, missing);
  const wrongCounts = await compareCounts(services, model);
  const readers = pickReaders(model);
  let wrongFeeds = 0;
  for (const reader of readers)
    if ((await readAll(services, reader)).join() !== model.feedOf(reader).join()) wrongFeeds++;
  const { drift } = await services.get(MirrorVerification).run({ users: 'all' });
  return {
    rows,
    missingRows: missing.size,
    surplusRows,
    wrongCounts,
    feedsRead: readers.length,
    wrongFeeds,
    drift: drift.length,
  };
}

/** Strikes every row that is there. @returns how many are there that should not be, or are there twice */
async function strikeRows(services: INestApplicationContext, expected: Set<string>): Promise<number> {
  let surplus = 0;
  for (const shard of services.get(ShardRouter).shards) {
    const client = await shard.dedicatedClient();
    try {
      await client.query('BEGIN');
      await client.query(`DECLARE every_row CURSOR FOR
        SELECT recipient_id AS recipient, stream, kind, entry_id AS entry, actor_id AS actor, subject_id AS subject FROM activities`);
      for (;;) {
        const { rows } = await client.query<Parameters<typeof rowText>[0]>(`FETCH ${FETCH} FROM every_row`);
        if (rows.length === 0) break;
        for (const row of rows) if (!expected.delete(rowText(row))) surplus++;
      }
    } finally {
      await client.end();
    }
  }
  return surplus;
}

async function compareCounts(services: INestApplicationContext, model: PlainModel): Promise<number> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const { rows } = await client.query<{ id: Id; comments: number; reposts: number }>(
      'SELECT id, comments_count AS comments, reposts_count AS reposts FROM posts',
    );
    const expected = model.counts();
    const right = rows.filter(({ id, comments, reposts }) => {
      const { comments: mostly = 0, reposts: passedOn = 0 } = expected.get(id) ?? {};
      return model.posts.has(id) && comments === mostly && reposts === passedOn;
    });
    return Math.max(rows.length, model.posts.size) - right.length;
  } finally {
    await client.end();
  }
}

function pickReaders(model: PlainModel): Id[] {
  const random = new Random(6);
  const { readers } = model;
  return Array.from({ length: Math.min(READERS, readers.length) }, () => random.pick(readers));
}

async function readAll(services: INestApplicationContext, reader: Id): Promise<Id[]> {
  const ids: Id[] = [];
  let cursor: string | undefined;
  do {
    const { data, page } = await services.get(FeedReader).page(reader, 'friend', { limit: PAGE, cursor });
    for (const { id } of data) ids.push(id);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return ids;
}
