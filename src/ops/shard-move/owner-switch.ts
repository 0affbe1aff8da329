import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import {
  closeLeafToReaders,
  closeLeafToWriters,
  openLeaf,
  presentLeaves,
  leafOf,
} from '../../activities/leaves.js';
import type { Replication } from './replication.js';
import { LOCK_TIMEOUT } from './shard-session.js';

/** For how long the buckets may take no writes, in milliseconds: a second, less what the flip itself takes. */
const PAUSE_BUDGET_MS = 850;
/** The other side has to be this close behind before it is worth a try. */
const CLOSE_BEHIND_MS = 150;
const ATTEMPTS = 60;
const RETRY_MS = 500;
const POLL_MS = 3;

export interface Switching {
  /** Who has the buckets, and who is to get them. */
  from: pg.Client;
  to: pg.Client;
  buckets: readonly number[];
  /** Carries changes from the one to the other. */
  replication: Replication;
  /** Makes the map name the new owner. @param pauseMs for how long the buckets took no writes */
  flip: (pauseMs: number) => Promise<void>;
  /** Whether the map names the new owner. */
  isFlipped: () => Promise<boolean>;
  /** Throws when the move is to end. */
  check: () => void;
}

/**
 * Hands buckets over: closes them to writers, waits until the last changes have arrived, opens them on the other side, and
 * flips the map. Where that takes too long, the buckets open where they were, and it is tried again later; so no writer
 * waits for longer than it looks for a bucket (`ShardRouter.followingMoves`). Readers go on throughout, but for the moment
 * between the two last steps.
 */
export async function switchOwner(switching: Switching): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await comeClose(switching);
    if (await attemptSwitch(switching)) return;
    await delay(RETRY_MS);
  }
  throw new Error('The buckets could not be handed over within a second, however often it was tried.');
}

/** Opens the buckets where they are, unless the map has flipped: what a switch that was cut off has left. */
export async function undoSwitch({ from, to, buckets, isFlipped }: Switching): Promise<void> {
  await waitAsEver(from, to);
  if (await isFlipped()) return;
  await closeCopy(to, buckets);
  await openLeaf(from, ...buckets);
}

/** Lets nobody but replication into what there is of the buckets on a side that does not have them. */
export async function closeCopy(side: pg.Client, buckets: readonly number[]): Promise<void> {
  const present = await presentLeaves(side);
  for (const bucket of buckets.filter((one) => present.has(leafOf(one)))) {
    await closeLeafToReaders(side, bucket);
    await closeLeafToWriters(side, bucket);
  }
}

async function comeClose(switching: Switching): Promise<void> {
  const deadline = Date.now() + 600_000;
  for (;;) {
    switching.check();
    const began = performance.now();
    if (await arrival(switching, began + CLOSE_BEHIND_MS * 10)) {
      if (performance.now() - began < CLOSE_BEHIND_MS) return;
    }
    if (Date.now() > deadline) throw new Error('The other side stays too far behind.');
    await delay(POLL_MS * 10);
  }
}

/** @returns whether everything that is committed now has arrived by a moment (of `performance.now`) */
async function arrival({ from, to, replication }: Switching, until: number): Promise<boolean> {
  const mark = await replication.mark(from);
  while (!(await replication.hasArrived(to, mark))) {
    if (performance.now() > until) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** @returns whether the buckets were handed over; if not, they are open where they were */
async function attemptSwitch(switching: Switching): Promise<boolean> {
  const { from, to, buckets, flip } = switching;
  const began = performance.now();
  const until = began + PAUSE_BUDGET_MS;
  try {
    for (const bucket of buckets) {
      // Each waits for those who are writing to it, and others wait behind it.
      await waitAtMost(from, until);
      await closeLeafToWriters(from, bucket);
    }
    if (!(await arrival(switching, until))) throw new TooLate();
    await waitAtMost(to, until);
    await openLeaf(to, ...buckets);
    await waitAtMost(from, until);
    await closeLeafToReaders(from, ...buckets);
    if (performance.now() > until) throw new TooLate();
    await flip(Math.ceil(performance.now() - began));
    await waitAsEver(from, to);
    return true;
  } catch (error) {
    // Whether the flip came through is not known when its answer is lost.
    await undoSwitch(switching);
    if (await switching.isFlipped()) return true;
    if (error instanceof TooLate || codeOf(error) === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

/** What comes next gives up at a moment (of `performance.now`). */
async function waitAtMost(side: pg.Client, until: number): Promise<void> {
  const left = Math.floor(until - performance.now());
  if (left <= 0) throw new TooLate();
  await side.query(`SET lock_timeout = ${left}`);
}

async function waitAsEver(...sides: readonly pg.Client[]): Promise<void> {
  for (const side of sides) await side.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
}

/** The buckets have taken no writes for as long as they may. */
class TooLate extends Error {}

const LOCK_NOT_AVAILABLE = '55P03';

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
