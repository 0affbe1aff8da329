import { compareLeaf } from '../../activities/leaf-comparison.js';
import { endPace, paceCopy } from '../../activities/copy-pace.js';
import { dropLeaf, leafOf, makeLeaf, presentLeaves, tidyLeaf } from '../../activities/leaves.js';
import { FULL_PACE, Pacer } from '../move-pace.js';
import { abortMove } from './abort-move.js';
import { copied } from './copying.js';
import type { MoveContext } from './move-context.js';
import type { MoveState } from './move-states.js';
import { switchOwner, undoSwitch } from './owner-switch.js';

/**
 * The steps of a move, by the state in which each is due. Each may be cut off anywhere and taken again: it finds out what
 * is there, does the rest, and takes the move to its next state.
 */
export const STEPS: Partial<Record<MoveState, (context: MoveContext) => Promise<void>>> = {
  preparing: prepare,
  copying: copy,
  comparing: compare,
  switching: switchThere,
  settling: settle,
  finishing: finish,
  returning: switchBack,
  clearing: clear,
  aborting: abort,
};

/** The partitions on the new shard, and the record of what changes on the old one. */
async function prepare(context: MoveContext): Promise<void> {
  const { source, target } = await context.both();
  const present = await presentLeaves(target);
  for (const bucket of context.buckets) if (!present.has(leafOf(bucket))) await makeLeaf(target, bucket);
  const { pace } = context.plan.move;
  if (pace < FULL_PACE) await paceCopy(target, context.buckets, pace);
  await context.there.publish(source);
  await context.next('preparing', 'copying');
}

async function copy(context: MoveContext): Promise<void> {
  const { plan, store, there } = context;
  const note = (slots: string) => store.noteSyncSlots(plan.move.id, plan.runner, slots);
  await there.subscribe(await context.target(), plan.source.directUrl, true, note);
  await copied(context);
  await endPace(await context.target(), context.buckets);
  await context.next('copying', 'comparing');
}

async function compare(context: MoveContext): Promise<void> {
  const { source, target } = await context.both();
  const { signal, progress, move } = context.plan;
  const { rowsTotal = 0 } = move.progress;
  const began = Date.now();
  const pacer = new Pacer(move.pace);
  let compared = 0;
  const onRange = async (rows: number) => {
    signal.throwIfAborted();
    progress.rowsCompared = compared += rows;
    const seconds = (Date.now() - began) / 1_000;
    progress.secondsLeft =
      compared > 0 ? Math.max(0, Math.round((seconds * (rowsTotal - compared)) / compared)) : null;
    await pacer.rest(signal);
  };
  const caughtUp = () => context.arrived(context.there);
  for (const bucket of context.buckets) {
    const different = await compareLeaf({ source, copy: target, caughtUp }, bucket, onRange);
    if (different)
      throw new Error(
        `The copy of ${leafOf(bucket)} differs among the recipients behind ${different.after} up to ${different.upTo}. Abort the move; somebody has written past replication.`,
      );
  }
  progress.secondsLeft = null;
  await context.next('comparing', 'switching');
}

/** The old shard follows the new one from before the flip on, so that nothing has to be made while nobody may write. */
async function switchThere(context: MoveContext): Promise<void> {
  const { source, target } = await context.both();
  const switching = await context.switching('there');
  await undoSwitch(switching);
  await context.back.publish(target);
  await context.back.subscribe(source, context.plan.target.directUrl, false);
  await context.arrived(context.back);
  await switchOwner(switching);
}

/** Nothing flows the old way any more. */
async function settle(context: MoveContext): Promise<void> {
  await context.end(context.there);
  await tidyLeaf(await context.target(), ...context.buckets);
  await context.next('settling', 'moved');
}

async function finish(context: MoveContext): Promise<void> {
  await clearSide(context, await context.source());
  await context.next('finishing', 'done');
}

async function switchBack(context: MoveContext): Promise<void> {
  const switching = await context.switching('back');
  await undoSwitch(switching);
  // Where the new shard is reached may have changed while the move rested.
  await context.back.subscribe(await context.source(), context.plan.target.directUrl, false);
  await context.arrived(context.back);
  await switchOwner(switching);
}

async function clear(context: MoveContext): Promise<void> {
  await clearSide(context, await context.target());
  await tidyLeaf(await context.source(), ...context.buckets);
  await context.next('clearing', 'returned');
}

async function abort(context: MoveContext): Promise<void> {
  await abortMove(context);
  await context.next('aborting', 'aborted');
}

/** Ends replication for good, and drops the partitions of the side that does not own them any more. */
async function clearSide(
  context: MoveContext,
  side: Awaited<ReturnType<MoveContext['source']>>,
): Promise<void> {
  const { source, target } = await context.both();
  await context.end(context.back);
  for (const bucket of context.buckets) await dropLeaf(side, bucket);
  await context.forgetMarks(source, target);
}
