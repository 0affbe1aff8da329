import type { Id } from '../../platform/ids/ids.js';
import type { MassInsertion } from './mass-insertion.js';
import type { RebuildStateStore } from './rebuild-state.js';

/** So many relationships go by between two points from which a restart could go on. */
const EDGES_PER_CHECKPOINT = 250_000;

/** Notes how far a fill has come, once Redis has acknowledged all of it; the fill goes on meanwhile. */
export class Checkpoints {
  private next = EDGES_PER_CHECKPOINT;
  /** A point that was sent, and not yet acknowledged. */
  private pending: { cursor: Id; edges: number; sent: number } | undefined;

  constructor(
    private readonly insertion: MassInsertion,
    private readonly states: RebuildStateStore,
  ) {}

  /** @param cursor all owners up to this one were sent, and nothing of them is to come */
  async reached(cursor: Id, edges: number): Promise<void> {
    const { insertion, pending } = this;
    if (pending && insertion.answered >= pending.sent) {
      await this.states.write({ cursor: pending.cursor, edges: pending.edges });
      this.pending = undefined;
    }
    if (this.pending || edges < this.next || cursor === '') return;
    this.pending = { cursor, edges, sent: insertion.sent };
    this.next = edges + EDGES_PER_CHECKPOINT;
  }
}
