import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { ShardRouter } from '../platform/database/shards.js';
import { sqlFile } from '../platform/database/sql.js';
import { type Leaf, leavesOf, onLeaf } from './leaf-statements.js';
import { type StoredRow, TRACKS } from './removal-tracks.js';

/** A row of which there are several, behind their number. */
export type RepeatedRow = readonly [
  count: number,
  ...(StoredRow extends readonly [string, ...infer Columns] ? Columns : never),
];

/** A shard's activities as they were at one moment. */
export interface Snapshot {
  leaves: Leaf[];
  /** Every row, some thousands at a time, as they lie in the table; it needs no index. */
  rows(): AsyncGenerator<StoredRow[]>;
  /** The rows of which there are several, some thousands at a time. */
  repeated(): AsyncGenerator<RepeatedRow[]>;
}

const blocksPage = sqlFile(import.meta.url, './sql/blocks-page.sql');
const BLOCKS = 16;
const FETCH = 2_000;

/** Looks at all activities of a shard without changing anything, whatever indexes there are. */
@Injectable()
export class ActivitySurvey {
  constructor(private readonly shards: ShardRouter) {}

  /** Gives `look` one consistent state of a shard's activities, for as long as it runs. */
  async at<Result>(shard: number, look: (snapshot: Snapshot) => Promise<Result>): Promise<Result> {
    const client = await this.shards.shards[shard]!.dedicatedClient();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const leaves = await leavesOf({
        query: async <Row>({ text }: { text: string }) => (await client.query(text)).rows as Row[],
      });
      return await look({
        leaves,
        rows: () => rows(client, leaves),
        repeated: () => repeated(client, leaves),
      });
    } finally {
      await client.end();
    }
  }
}

async function* rows(client: pg.Client, leaves: readonly Leaf[]): AsyncGenerator<StoredRow[]> {
  for (const { name, blocks } of leaves) {
    const { text } = onLeaf(blocksPage, name);
    for (let block = 0; block < blocks; block += BLOCKS) {
      const query = { text, values: [block, block + BLOCKS], rowMode: 'array' as const };
      yield (await client.query(query)).rows as unknown as StoredRow[];
    }
  }
}

async function* repeated(client: pg.Client, leaves: readonly Leaf[]): AsyncGenerator<RepeatedRow[]> {
  for (const { name } of leaves) {
    for (const track of TRACKS) {
      await client.query(`DECLARE repeated NO SCROLL CURSOR FOR ${onLeaf(track.repeated, name).text}`);
      for (;;) {
        const query = { text: `FETCH ${FETCH} FROM repeated`, rowMode: 'array' as const };
        const batch = (await client.query(query)).rows as unknown as RepeatedRow[];
        if (batch.length === 0) break;
        yield batch;
      }
      await client.query('CLOSE repeated');
    }
  }
}
