import type { Gate, WhichGate } from '../../fanout/gate.js';

export interface HoldOptions {
  by: string;
  reason: string;
  /** When the gates reopen by themselves should this process die, in seconds; put off while it lives. */
  reopenAfterSeconds: number;
  /** How long to wait for those who are writing, in milliseconds. */
  timeoutMs: number;
}

/** A gate that was closed at some moment, by which it can be told from one that was closed again since. */
export type HeldGate = Required<Pick<WhichGate, 'closedAt'>> & { shard: number | undefined };

/** Gates, closed for as long as this process lives and wants them to be. */
export class GateHold {
  readonly gates: HeldGate[] = [];
  private putOffAt = performance.now();

  constructor(
    private readonly gate: Gate,
    private readonly options: HoldOptions,
  ) {}

  /**
   * Closes a gate and waits until no row is being written behind it.
   * @param shard of this shard alone; undefined: the one before all
   * @throws Problem as {@link Gate.close}
   */
  async close(shard: number | undefined): Promise<void> {
    const { closedAt } = await this.gate.close({ ...this.options, shard });
    this.gates.push({ shard, closedAt });
  }

  /** A sign of life: the deadlines are put off in time. */
  async keep(): Promise<void> {
    const { reopenAfterSeconds } = this.options;
    if (performance.now() - this.putOffAt < (reopenAfterSeconds * 1_000) / 3) return;
    this.putOffAt = performance.now();
    await Promise.all(this.gates.map((gate) => this.gate.extend(reopenAfterSeconds, gate)));
  }

  /** Opens them, unless somebody else has, and has perhaps closed them again since. */
  async open(): Promise<void> {
    await Promise.all(this.gates.map((gate) => this.gate.open(this.options.by, gate)));
  }
}
