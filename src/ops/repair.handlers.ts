import { Injectable, Logger } from '@nestjs/common';
import { ActivityRemoval } from '../activities/activity-removal.js';
import { UniqueKeys } from '../activities/unique-keys.js';
import { errorText } from '../platform/error-text.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { Finish } from './repair/finish.js';
import {
  type OpenPart,
  repairUpkeep,
  repairWalk,
  RepairStore,
  restoreOrphans,
  type StepJob,
} from './repair/repair-store.js';
import { Walk } from './repair/walk.js';

/** How long a walk waits before a closed gate until it looks again, in milliseconds. */
const REFUSED_MS = 2_000;
/** How long one job puts rows back, in milliseconds. */
const RESTORE_MS = 500;

/** Walks on through the rows of a shard. */
@Injectable()
@HandlesJob(repairWalk)
export class RepairWalkHandler implements Handler<StepJob> {
  constructor(
    private readonly store: RepairStore,
    private readonly walk: Walk,
  ) {}

  async handle(job: StepJob): Promise<'done'> {
    const part = await this.store.part(job);
    if (!part) return 'done';
    const { position: from, rows_per_second: most } = part;
    const began = performance.now();
    const walked = await this.walk.go(job.repairId, job.shard, from, most !== null);
    const { seen, duplicates, orphans, position, refused } = walked;
    const due = most === null ? 0 : (seen / most) * 1_000 - (performance.now() - began);
    await this.store.take(job, {
      phase: position ? 'walking' : 'finishing',
      ...(position ? { position } : {}),
      rowsSeen: seen,
      duplicates,
      orphans,
      pauseMs: refused ? REFUSED_MS : Math.max(0, due),
    });
    return 'done';
  }
}

/** Puts back what was taken for orphans, for half a second; what is left is another job. */
@Injectable()
@HandlesJob(restoreOrphans)
export class RestoreOrphansHandler implements Handler<{ repairId: Id; shard: number }> {
  constructor(
    private readonly store: RepairStore,
    private readonly removal: ActivityRemoval,
  ) {}

  async handle({ repairId, shard }: { repairId: Id; shard: number }): Promise<'done'> {
    const until = performance.now() + RESTORE_MS;
    while (await this.removal.restore(shard, repairId)) {
      if (performance.now() < until) continue;
      await this.store.restore(repairId, [shard]);
      break;
    }
    return 'done';
  }
}

/** Does what comes before and after a shard's walk. */
@Injectable()
@HandlesJob(repairUpkeep)
export class RepairUpkeepHandler implements Handler<StepJob> {
  private readonly logger = new Logger('Repair');

  constructor(
    private readonly store: RepairStore,
    private readonly removal: ActivityRemoval,
    private readonly keys: UniqueKeys,
    private readonly finish: Finish,
  ) {}

  async handle(job: StepJob): Promise<'done'> {
    const part = await this.store.part(job);
    if (part?.phase === 'preparing') await this.prepare(job);
    else if (part?.phase === 'finishing') await this.end(job, part);
    else if (part?.phase === 'cleaning') await this.clean(job);
    return 'done';
  }

  private async prepare(job: StepJob): Promise<void> {
    await this.keys.prepareWalk(job.shard);
    const leaves = await this.removal.leaves(job.shard);
    const rowsTotal = Math.round(leaves.reduce((sum, { rows }) => sum + rows, 0));
    await this.store.take(job, { phase: 'walking', rowsTotal });
    // An abort in the meantime has cleaned up before there was everything to clean.
    if ((await this.store.find(job.repairId))?.repair.state === 'aborted')
      await this.keys.dropWalk(job.shard);
  }

  private async end(job: StepJob, part: OpenPart): Promise<void> {
    try {
      const duplicates = await this.finish.shard(job.repairId, job.shard);
      this.logger.log(`shard ${job.shard}: unique again; ${duplicates} duplicates had come in meanwhile`);
      await this.store.take(job, { phase: 'cleaning', duplicates });
    } catch (error) {
      const why = final(error);
      if (!why) throw error;
      this.logger.error(`shard ${job.shard}: ${why}`);
      await this.store.take(job, { phase: part.phase, error: why });
    }
  }

  private async clean(job: StepJob): Promise<void> {
    await this.keys.dropWalk(job.shard);
    await this.store.take(job, { phase: 'done' });
  }
}

const DUPLICATE = '23505';
const LOCK_NOT_AVAILABLE = '55P03';

/** Why another attempt right away would be of no use; undefined when it may be. */
function final(error: unknown): string | undefined {
  const { code, detail } = error as { code?: unknown; detail?: string };
  if (code === DUPLICATE) return `${errorText(error)}: ${detail ?? ''}`;
  if (code === LOCK_NOT_AVAILABLE) return 'A transaction on the activities did not end in time.';
  return error instanceof Problem ? error.message : undefined;
}
