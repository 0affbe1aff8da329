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

/** For callers who can do nothing but try the whole again later. @throws when anybody was refused */
export function expectNobodyRefused({ refused }: WriteOutcome): void {
  if (refused.length === 0) return;
  const shards = refused.map(
    ({ shard, reason, recipients }) => `shard ${shard} is ${reason} (${recipients.length} rows)`,
  );
  throw new Error(`Not everything could be written: ${shards.join(', ')}.`);
}
