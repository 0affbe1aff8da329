import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { RemovedCount } from '../activities/activity-removal.js';
import { ActivitySurvey } from '../activities/activity-survey.js';
import { kindOfCode } from '../activities/activity.js';
import type { StoredRow } from '../activities/removal-tracks.js';
import { UniqueKeys } from '../activities/unique-keys.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Orphans } from './repair/orphans.js';
import { whichShards } from './repair/which-shards.js';

const EXAMPLES = 3;

/** What a repair would remove. */
export interface Finding extends RemovedCount {
  /** The first of those rows that were met. */
  examples: string[];
}

export interface SurveyResult {
  rows: number;
  findings: Finding[];
  /** Shards whose unique indexes are not (all) there. */
  withoutKeys: number[];
}

/** Says what a repair would do, without changing anything: no index is needed, and none is made. */
@Injectable()
export class RepairSurvey {
  constructor(
    private readonly survey: ActivitySurvey,
    private readonly orphans: Orphans,
    private readonly keys: UniqueKeys,
    private readonly shards: ShardRouter,
  ) {}

  /**
   * @param shard this one alone; all of them unless given
   * @param rowsPerSecond at most so many rows are looked at a second
   * @param report is told how many rows were looked at, of about how many
   */
  async run(
    { shard, rowsPerSecond }: { shard?: number | undefined; rowsPerSecond?: number | undefined },
    report: (seen: number, total: number) => void = () => undefined,
  ): Promise<SurveyResult> {
    const tally = new Tally();
    const withoutKeys: number[] = [];
    for (const number of await whichShards(this.shards, shard)) {
      if (!(await this.keys.complete(number))) withoutKeys.push(number);
      await this.survey.at(number, async (snapshot) => {
        const before = tally.rows;
        const total = before + snapshot.leaves.reduce((sum, { rows }) => sum + rows, 0);
        for await (const rows of snapshot.rows()) {
          const orphan = await this.orphans.among(rows);
          rows.forEach((row, index) => orphan[index] && tally.add('orphan', row, 1));
          tally.rows += rows.length;
          report(tally.rows, Math.max(total, tally.rows));
          if (rowsPerSecond) await delay((rows.length / rowsPerSecond) * 1_000);
        }
        for await (const repeated of snapshot.repeated()) {
          const rows = repeated.map(([, ...columns]): StoredRow => ['', ...columns]);
          const orphan = await this.orphans.among(rows);
          // An orphan goes with all its copies, and was counted with them.
          rows.forEach((row, index) => {
            if (!orphan[index]) tally.add('duplicate', row, repeated[index]![0] - 1);
          });
        }
      });
    }
    return { rows: tally.rows, findings: tally.findings(), withoutKeys };
  }
}

class Tally {
  rows = 0;
  private readonly found = new Map<string, Finding>();

  add(
    reason: Finding['reason'],
    [, recipientId, , entryId, code, actorId, subjectId]: StoredRow,
    rows: number,
  ) {
    const kind = kindOfCode(code);
    const key = `${reason} ${kind}`;
    const finding = this.found.get(key) ?? { reason, kind, rows: 0, examples: [] };
    this.found.set(key, finding);
    finding.rows += rows;
    if (finding.examples.length < EXAMPLES)
      finding.examples.push(
        `recipient ${recipientId}, entry ${entryId}, actor ${actorId}, subject ${subjectId}`,
      );
  }

  findings(): Finding[] {
    return [...this.found.values()].sort((a, b) => a.reason.localeCompare(b.reason) || b.rows - a.rows);
  }
}
