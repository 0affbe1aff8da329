import { isPassing } from '../platform/http/to-problem.js';
import type { Recipient } from './activity.js';

/** What the fence in a shard raises while its gate is closed. */
const FENCE_CLOSED = 'SL001';

/** A shard that took nothing, and why: its gate is closed, or it cannot be reached just now. */
export interface ShardRefusal {
  shard: number;
  reason: 'closed' | 'unavailable';
}

/** Recipients of one shard who did not get their rows. */
export interface Refusal extends ShardRefusal {
  recipients: Recipient[];
}

/** What became of a write. Whoever is not among the refused has the row now. */
export interface WriteOutcome {
  /** How many rows were new. */
  written: number;
  refused: Refusal[];
}

/** Why a shard did not take rows; undefined when it is neither closed nor away. */
export function reasonOf(error: unknown): Refusal['reason'] | undefined {
  if ((error as { code?: unknown }).code === FENCE_CLOSED) return 'closed';
  return isPassing(error) ? 'unavailable' : undefined;
}
