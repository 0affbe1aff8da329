import type { Id } from '../../platform/ids/ids.js';
import type { MoveRecord, MoveState } from './move-states.js';
import { UNDER_WAY } from './move-states.js';

/** A move as those see it who look on. */
export interface MoveView {
  id: Id;
  source: number;
  target: number;
  buckets: number[];
  /** In which share of the time it copies and compares. */
  pace: number;
  state: MoveState;
  /** Why it stands still until somebody has it go on. */
  error: string | null;
  requestedBy: string;
  /** Whether a process carries it on just now. */
  carriedOn: boolean;
  /** About how many rows there are to copy, and bytes of their tables without indexes. */
  rowsTotal: number | null;
  bytesTotal: number | null;
  rowsCopied: number | null;
  bytesCopied: number | null;
  /** Rows that were compared and found alike. */
  rowsCompared: number | null;
  /** Changes that have not arrived on the other side, as of the last look. */
  lagBytes: number | null;
  lagMs: number | null;
  /** Of what is being copied or compared. */
  secondsLeft: number | null;
  copySeconds: number | null;
  /** For how long the buckets took no writes. */
  writePauseMs: number | null;
  startedAt: string;
  movedAt: string | null;
  finishedAt: string | null;
}

/** Presents a move. */
export function viewOf(move: MoveRecord): MoveView {
  const { id, source, target, buckets, pace, state, error, requestedBy, progress, writePauseMs } = move;
  return {
    id,
    source,
    target,
    buckets: [...buckets],
    pace,
    state,
    error,
    requestedBy,
    carriedOn: UNDER_WAY.has(state) && !move.silent,
    rowsTotal: progress.rowsTotal ?? null,
    bytesTotal: progress.bytesTotal ?? null,
    rowsCopied: progress.rowsCopied ?? null,
    bytesCopied: progress.bytesCopied ?? null,
    rowsCompared: progress.rowsCompared ?? null,
    lagBytes: progress.lagBytes ?? null,
    lagMs: progress.lagMs ?? null,
    secondsLeft: progress.secondsLeft ?? null,
    copySeconds: progress.copySeconds ?? null,
    writePauseMs,
    startedAt: move.startedAt.toISOString(),
    movedAt: move.movedAt?.toISOString() ?? null,
    finishedAt: move.finishedAt?.toISOString() ?? null,
  };
}
