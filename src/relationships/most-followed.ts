import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { GraphView } from '../users/graph-view.js';
import { Dismissals } from './dismissals.js';
import type { Suggestion } from './recommendations/suggestion.js';

const lockList = sqlFile<{ id: number }>(import.meta.url, './recommendations/lock-most-followed.sql');
const estimateEdges = sqlFile<{ n: number }>(import.meta.url, './rebuild/estimate-edges.sql');
const sampleMostFollowed = sqlFile<{ id: Id }>(import.meta.url, './recommendations/sample-most-followed.sql');
const setList = sqlFile(import.meta.url, './recommendations/set-most-followed.sql');
const readList = sqlFile<{ ids: Id[] }>(import.meta.url, './recommendations/read-most-followed.sql');

/** How many are kept: enough that there are some left for whoever follows, hides or dismissed many of them. */
const KEPT = 500;
/** How many relationships are looked at; of a larger table, a sample of about so many. */
const MOST_LOOKED_AT = 1_000_000;
const STANDINGS_AT_A_TIME = 100;

/** The most followed of all: for newcomers, who follow nobody whose follows could tell anything. */
@Injectable()
export class MostFollowed {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly graph: GraphView,
    private readonly dismissals: Dismissals,
  ) {}

  /** Makes the list anew, unless it is younger than that or somebody else is at it. @returns whether it was made */
  async refresh(olderThanMs: number): Promise<boolean> {
    return this.primary.transaction(async (transaction) => {
      if ((await transaction.query(lockList, [olderThanMs])).length === 0) return false;
      const [edges] = await transaction.query(estimateEdges);
      const percent = Math.min(100, (100 * MOST_LOOKED_AT) / Math.max(1, edges?.n ?? 0));
      const most = await transaction.query(sampleMostFollowed, [percent, KEPT]);
      await transaction.query(setList, [most.map(({ id }) => id)]);
      return true;
    });
  }

  /** The most followed whom a viewer has nothing to do with yet and has not dismissed. */
  async suggestions(viewer: Id, limit: number): Promise<Suggestion[]> {
    const [[list], dismissed] = await Promise.all([this.primary.query(readList), this.dismissals.of(viewer)]);
    const hidden = new Set([viewer, ...dismissed]);
    const ids = (list?.ids ?? []).filter((id) => !hidden.has(id));
    const found: Suggestion[] = [];
    for (let start = 0; start < ids.length && found.length < limit; start += STANDINGS_AT_A_TIME) {
      const batch = ids.slice(start, start + STANDINGS_AT_A_TIME);
      const standings = await this.graph.standings(viewer, batch);
      for (const [index, id] of batch.entries()) {
        const { kind, blocksMe } = standings[index]!;
        if (kind === null && !blocksMe) found.push({ id, count: 0, followers: [] });
      }
    }
    return found;
  }
}
