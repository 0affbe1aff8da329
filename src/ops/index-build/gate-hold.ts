import type { Gate } from '../../fanout/gate.js';

export interface HoldOptions {
  by: string;
  reason: string;
  /** When the gate reopens by itself should this process die, in seconds; put off while it lives. */
  reopenAfterSeconds: number;
  /** How long to wait for running jobs, in milliseconds. */
  timeoutMs: number;
}

/** The gate, closed for as long as this process lives and wants it to be. */
export class GateHold {
  private constructor(
    private readonly gate: Gate,
    private readonly options: HoldOptions,
    readonly closedAt: Date,
  ) {}

  /** Closes the gate and waits until no row is being written. @throws Problem as {@link Gate.close} */
  static async close(gate: Gate, options: HoldOptions): Promise<GateHold> {
    const { closedAt } = await gate.close(options);
    return new GateHold(gate, options, new Date(closedAt!));
  }

  /** Opens it, unless somebody else has, and has perhaps closed it again since. */
  async open(): Promise<void> {
    await this.gate.open(this.options.by, this.closedAt);
  }
}
