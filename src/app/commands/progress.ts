import { Presets, SingleBar } from 'cli-progress';

/** A progress bar on stderr, or silence where nobody looks (no terminal). */
export class Progress {
  private bar: SingleBar | undefined;
  private label = '';

  /** Shows how much of a step is done; a new label starts a new bar. */
  update(label: string, done: number, total: number): void {
    if (label !== this.label) {
      this.stop();
      this.label = label;
      this.bar = new SingleBar(
        {
          format: `${label} {bar} {percentage}% | {value}/{total} | {eta_formatted} left`,
          noTTYOutput: false,
        },
        Presets.shades_classic,
      );
      this.bar.start(total, 0);
    }
    this.bar?.setTotal(total);
    this.bar?.update(done);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}
