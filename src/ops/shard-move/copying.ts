import { setTimeout as delay } from 'node:timers/promises';
import type { MoveContext } from './move-context.js';
import type { SyncState } from './replication.js';

const POLL_MS = 200;
/** How long a copy may stand still, in milliseconds. */
const STALL_MS = 120_000;

/** Waits until a copy is there and follows what changes, and keeps account of it. @throws Error when it stands still */
export async function copied(context: MoveContext): Promise<void> {
  const { source, target } = await context.both();
  const { progress, signal, move } = context.plan;
  const { rowsTotal = 0, bytesTotal = 0 } = move.progress;
  const began = Date.now();
  let last = { state: '', at: began };
  let first: SyncState | undefined;
  for (;;) {
    signal.throwIfAborted();
    const sync = await context.there.sync(target);
    first ??= sync;
    const seconds = (Date.now() - began) / 1_000;
    progress.rowsCopied = Math.max(sync.rows, sync.ready === sync.tables ? rowsTotal : 0);
    progress.bytesCopied = sync.bytes;
    progress.lagBytes = await context.there.lagBytes(source);
    progress.secondsLeft = secondsLeft(sync.bytes - first.bytes, bytesTotal - sync.bytes, seconds);
    if (sync.tables > 0 && sync.ready === sync.tables) break;
    const state = `${sync.ready} ${sync.rows} ${sync.bytes}`;
    if (state !== last.state) last = { state, at: Date.now() };
    else if (Date.now() - last.at > STALL_MS)
      throw new Error(
        `The copy stands still with ${sync.ready} of ${sync.tables} tables; it failed ${sync.errors} times: look into the target's log.`,
      );
    await delay(POLL_MS);
  }
  progress.copySeconds = Math.round((Date.now() - began) / 100) / 10;
  progress.secondsLeft = null;
  await context.arrived(context.there);
}

function secondsLeft(done: number, left: number, seconds: number): number | null {
  if (done <= 0) return null;
  return Math.max(0, Math.round((left / done) * seconds));
}
