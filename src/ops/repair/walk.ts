import { Injectable } from '@nestjs/common';
import { ActivityRemoval, type Wrong } from '../../activities/activity-removal.js';
import { duplicatesIn, PAGE_ROWS, START, TRACKS } from '../../activities/removal-tracks.js';
import type { Id } from '../../platform/ids/ids.js';
import { Orphans } from './orphans.js';
import type { Position } from './repair-store.js';

/** How long one job walks, in milliseconds: so long may whoever closes the gate have to wait for it. */
const WALK_MS = 500;

/** What a job has got done, and where the next one goes on; undefined behind the last row. */
export interface Walked {
  seen: number;
  duplicates: number;
  orphans: number;
  position: Position | undefined;
  /** Whether the shard's gate was closed; the walk stands before the page that it could not put right. */
  refused: boolean;
}

/** Goes through a shard's rows, page by page, and removes those that are wrong. */
@Injectable()
export class Walk {
  constructor(
    private readonly removal: ActivityRemoval,
    private readonly orphans: Orphans,
  ) {}

  /**
   * Walks for half a second, or one page.
   * @param from where the last job ended; null for the beginning
   */
  async go(repairId: Id, shard: number, from: Position | null, onePage: boolean): Promise<Walked> {
    const walked: Walked = {
      refused: false,
      seen: 0,
      duplicates: 0,
      orphans: 0,
      position: from ?? (await this.first(shard)),
    };
    const until = performance.now() + WALK_MS;
    do await this.page(repairId, shard, walked);
    while (walked.position && !walked.refused && !onePage && performance.now() < until);
    return walked;
  }

  private async page(repairId: Id, shard: number, walked: Walked): Promise<void> {
    if (!walked.position) return;
    const { leaf, track: number, after } = walked.position;
    const track = TRACKS[number]!;
    const rows = await this.removal.page(shard, leaf, track, after);
    if (rows.length > 0) {
      const duplicate = duplicatesIn(track, rows, after);
      const orphan = await this.orphans.among(rows);
      const wrong = rows.flatMap((row, index): Wrong[] => {
        if (orphan[index]) return [{ row, reason: 'orphan' }];
        return duplicate[index] ? [{ row, reason: 'duplicate' }] : [];
      });
      const gone = await this.removal.remove(shard, leaf, track, repairId, wrong);
      walked.refused = gone === 'closed';
      if (gone === 'closed') return;
      walked.seen += rows.length;
      walked.duplicates += gone.duplicates;
      walked.orphans += gone.orphans;
    }
    walked.position =
      rows.length === PAGE_ROWS
        ? { leaf, track: number, after: rows.at(-1)! }
        : await this.next(shard, leaf, number);
  }

  private async first(shard: number): Promise<Position | undefined> {
    return at((await this.removal.leaves(shard))[0]);
  }

  /** The other track of a table, or the table behind it. */
  private async next(shard: number, leaf: string, track: number): Promise<Position | undefined> {
    if (track + 1 < TRACKS.length) return { leaf, track: track + 1, after: START };
    return at((await this.removal.leaves(shard)).find(({ name }) => name > leaf));
  }
}

const at = (leaf: { name: string } | undefined): Position | undefined =>
  leaf && { leaf: leaf.name, track: 0, after: START };
