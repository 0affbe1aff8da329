import type { BacklogStatus, Measurement } from './backlog.js';
import type { Closing } from './gate-store.js';

/** One closed gate as its operators see it. */
export interface ClosingStatus {
  state: 'closing' | 'closed';
  /** Null: the gate before all shards. */
  shard: number | null;
  reason: string;
  closedBy: string;
  closedAt: string;
  reopensAt: string | null;
}

/** The gate as its operators see it. */
export interface GateStatus {
  /** `closing`: closed, but somebody may still be writing. */
  state: 'open' | 'closing' | 'closed';
  reason: string | null;
  closedBy: string | null;
  closedAt: string | null;
  reopensAt: string | null;
  /** Jobs that wait in the queue; null when its Redis does not answer. */
  waiting: number | null;
  /** Jobs that are running, or were when their worker stopped to say so; null when Redis does not answer. */
  active: number | null;
  /** How long the oldest thing that is not delivered has waited. */
  oldestWaitingSeconds: number;
  /** The gates that are closed for a shard alone. */
  shards: ClosingStatus[];
  backlog: BacklogStatus;
}

/** @param shard as seen from this shard: closed as well when its own gate is */
export function presentGate(
  closings: readonly Closing[],
  shard: number | undefined,
  { jobs, status }: Measurement,
): GateStatus {
  const closing = closings.find((each) => each.shard === null || each.shard === shard);
  return {
    state: closing ? stateOf(closing) : 'open',
    reason: closing?.reason ?? null,
    closedBy: closing?.closedBy ?? null,
    closedAt: closing?.closedAt.toISOString() ?? null,
    reopensAt: closing?.reopensAt?.toISOString() ?? null,
    waiting: jobs?.waiting ?? null,
    active: jobs?.active ?? null,
    oldestWaitingSeconds: Math.max(status.oldestIntentSeconds, jobs?.oldestSeconds ?? 0),
    shards: closings.filter((each) => each.shard !== null).map(presentClosing),
    backlog: status,
  };
}

const stateOf = (closing: Closing) => (closing.quietAt ? 'closed' : 'closing');

function presentClosing(closing: Closing): ClosingStatus {
  const { shard, reason, closedBy, closedAt, reopensAt } = closing;
  return {
    state: stateOf(closing),
    shard,
    reason,
    closedBy,
    closedAt: closedAt.toISOString(),
    reopensAt: reopensAt?.toISOString() ?? null,
  };
}
