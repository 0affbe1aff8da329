import type pg from 'pg';
import { dropLeaf, openLeaf, tidyLeaf } from '../../activities/leaves.js';
import type { MoveContext } from './move-context.js';
import { closeCopy } from './owner-switch.js';

/**
 * Takes everything of a move back whose buckets still belong to the old shard. A shard that cannot be reached does not keep
 * the other from being cleared; what is left of it is cleared when this is done again.
 * @throws what kept a part from being done; the other parts are
 */
export async function abortMove(context: MoveContext): Promise<void> {
  const { there, back, buckets } = context;
  let syncSlots = context.plan.move.syncSlots ?? undefined;
  const faults: unknown[] = [];
  const attempt = async (side: Promise<pg.Client>, work: (client: pg.Client) => Promise<void>) => {
    await side.then(work).catch((error: unknown) => faults.push(error));
  };
  await attempt(context.target(), async (target) => {
    // First, since a copy that is under way locks its table for as long as it takes.
    syncSlots = (await there.unsubscribe(target)) ?? syncSlots;
    await closeCopy(target, buckets);
  });
  await attempt(context.source(), async (source) => {
    await openLeaf(source, ...buckets);
    await tidyLeaf(source, ...buckets);
    await back.unsubscribe(source);
    await there.unpublish(source, syncSlots);
    await context.forgetMarks(source);
  });
  await attempt(context.target(), async (target) => {
    await back.unpublish(target, undefined);
    for (const bucket of buckets) await dropLeaf(target, bucket);
    await context.forgetMarks(target);
  });
  if (faults.length > 0) throw faults[0];
}
