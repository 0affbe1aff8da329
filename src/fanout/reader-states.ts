import { Injectable } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';

const readerStates = sqlFile<[reader: Id, unplaced: Id[] | null, asleep: boolean]>(
  import.meta.url,
  './sql/reader-states.sql',
);

/** What keeps the rows of somebody's feeds from being all there is. */
export interface ReaderState {
  /** Authors whom they began, ceased or went on in another way to follow, and whose rows have not followed yet. */
  unplaced: readonly Id[];
  /** Whether nothing was written for them for a while, because they did not read. */
  asleep: boolean;
}

const NOTHING: ReaderState = { unplaced: [], asleep: false };

/** Asks what is still to be done to readers' rows; readers who come at the same time share the question. */
@Injectable()
export class ReaderStates {
  private readonly reads: BatchedReads<ReaderState & { id: Id }>;

  constructor(primary: PrimaryDatabase) {
    this.reads = new BatchedReads<ReaderState & { id: Id }>(async (ids) => {
      const rows = await primary.sharedTuples(readerStates, [idList(ids)]);
      return rows.map(([id, unplaced, asleep]) => ({ id, unplaced: unplaced ?? [], asleep }));
    });
  }

  async of(reader: Id): Promise<ReaderState> {
    return (await this.reads.byIds([reader])).get(reader) ?? NOTHING;
  }
}
