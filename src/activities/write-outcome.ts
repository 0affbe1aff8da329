import type { Recipient } from './activity.js';

/** Recipients of one shard who did not get their rows, and why: its gate is closed, or it cannot be reached just now. */
export interface Refusal {
  shard: number;
  reason: 'closed' | 'unavailable';
  recipients: Recipient[];
}

/** What became of a write. Whoever is not among the refused has the row now. */
export interface WriteOutcome {
  /** How many rows were new. */
  written: number;
  refused: Refusal[];
}
