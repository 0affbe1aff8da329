import type { Id } from '../../platform/ids/ids.js';

/**
 * Where a move is. Before the map flips: `preparing`, `copying`, `comparing`, `switching`. After it: `settling`, then it
 * rests as `moved`, until it is `finishing` or `returning` (and `clearing`). Over: `done`, `returned`, `aborted`.
 */
export type MoveState =
  | 'preparing'
  | 'copying'
  | 'comparing'
  | 'switching'
  | 'settling'
  | 'moved'
  | 'finishing'
  | 'returning'
  | 'clearing'
  | 'aborting'
  | 'done'
  | 'returned'
  | 'aborted';

/** In these the buckets belong to their old shard, and the move may be given up. */
export const BEFORE_FLIP: readonly MoveState[] = ['preparing', 'copying', 'comparing', 'switching'];

/** In these somebody has to carry it on. */
export const UNDER_WAY: ReadonlySet<MoveState> = new Set<MoveState>([
  ...BEFORE_FLIP,
  'settling',
  'finishing',
  'returning',
  'clearing',
  'aborting',
]);

/** How far it is; what is not known yet is left out. */
export interface MoveProgress {
  /** About how many rows there are to copy, and bytes of their tables. */
  rowsTotal?: number;
  bytesTotal?: number;
  rowsCopied?: number;
  bytesCopied?: number;
  /** Rows that were compared and found alike. */
  rowsCompared?: number;
  /** Changes that have not arrived on the other side yet. */
  lagBytes?: number;
  lagMs?: number;
  /** Of the copy or the comparison that is going on. */
  secondsLeft?: number | null;
  /** How long the copy took. */
  copySeconds?: number;
}

export interface MoveRecord {
  id: Id;
  source: number;
  target: number;
  buckets: number[];
  /** In which share of the time it copies and compares. */
  pace: number;
  state: MoveState;
  error: string | null;
  requestedBy: string;
  abortRequested: boolean;
  syncSlots: string | null;
  progress: MoveProgress;
  writePauseMs: number | null;
  startedAt: Date;
  movedAt: Date | null;
  finishedAt: Date | null;
  /** Nobody carries it on. */
  silent: boolean;
}
