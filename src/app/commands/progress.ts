import { Presets, SingleBar } from 'cli-progress';

/** A progress bar with rate and time left on stderr, or silence where nobody looks (no terminal). */
export class Progress {
  private bar: SingleBar | undefined;
  private label = '';
  private first = 0;
  private began = 0;

  /** Shows how much of a step is done; a new label starts a new bar. */
  update(label: string, done: number, total: number): void {
    if (label !== this.label) this.begin(label, done, total);
    this.bar?.setTotal(total);
    this.bar?.update(done, { rate: this.rate(done) });
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }

  private begin(label: string, done: number, total: number): void {
    this.stop();
    this.label = label;
    // What was done before, by a run that was cut off, says nothing of the rate.
    this.first = done;
    this.began = performance.now();
    this.bar = new SingleBar(
      {
        format: `${label} {bar} {percentage}% | {value}/{total} | {rate}/s | {eta_formatted} left`,
        noTTYOutput: false,
      },
      Presets.shades_classic,
    );
    this.bar.start(total, done, { rate: '–' });
  }

  private rate(done: number): string {
    const seconds = (performance.now() - this.began) / 1_000;
    return seconds < 0.1 ? '–' : Math.round((done - this.first) / seconds).toLocaleString('en');
  }
}
