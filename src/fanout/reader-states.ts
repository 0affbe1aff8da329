import { Injectable } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';

const unplacedAuthors = sqlFile<[Id, Id[]]>(import.meta.url, './sql/unplaced-authors.sql');
const sleepersAmong = sqlFile<[Id]>(import.meta.url, './sql/sleepers-among.sql');

/** What keeps the rows of somebody's feeds from being all there is. */
export interface ReaderState {
  /** Authors whom they began, ceased or went on in another way to follow, and whose rows have not followed yet. */
  unplaced: readonly Id[];
  /** Whether nothing was written for them for a while, because they did not read. */
  asleep: boolean;
}

/** Asks what is still to be done to readers' rows; readers who come at the same time share the questions. */
@Injectable()
export class ReaderStates {
  private readonly unplaced: BatchedReads<{ id: Id; subjects: Id[] }>;
  private readonly sleepers: BatchedReads<{ id: Id }>;

  constructor(primary: PrimaryDatabase) {
    this.unplaced = new BatchedReads(async (ids) => {
      const rows = await primary.sharedTuples(unplacedAuthors, [idList(ids)]);
      return rows.map(([id, subjects]) => ({ id, subjects }));
    });
    this.sleepers = new BatchedReads(async (ids) => {
      const rows = await primary.sharedTuples(sleepersAmong, [idList(ids)]);
      return rows.map(([id]) => ({ id }));
    });
  }

  async of(reader: Id): Promise<ReaderState> {
    const [unplaced, sleepers] = await Promise.all([
      this.unplaced.byIds([reader]),
      this.sleepers.byIds([reader]),
    ]);
    return { unplaced: unplaced.get(reader)?.subjects ?? [], asleep: sleepers.has(reader) };
  }
}
