import type pg from 'pg';

const EVENTS = [
  'a gate closed',
  'a gate opened',
  'a worker was killed',
  'an author came to be pulled',
  'an author came to be written again',
] as const;

/** Counts what a test that lets things happen at random has to have seen, so that it does not pass because all was quiet. */
export class Turmoil {
  private readonly times = new Map<(typeof EVENTS)[number], number>();
  private pulled = 0;

  constructor(private readonly primary: pg.Client) {}

  note(event: (typeof EVENTS)[number]): void {
    this.times.set(event, (this.times.get(event) ?? 0) + 1);
  }

  /** Notes whether there are more pulled authors than the last time, or fewer. */
  async notePulled(): Promise<void> {
    const { rows } = await this.primary.query<{ n: number }>('SELECT count(*)::int AS n FROM pulled_authors');
    const { n } = rows[0]!;
    if (n > this.pulled) this.note('an author came to be pulled');
    if (n < this.pulled) this.note('an author came to be written again');
    this.pulled = n;
  }

  /** What has not happened at all. */
  missing(): string[] {
    return EVENTS.filter((event) => !this.times.has(event));
  }

  summary(): string {
    return EVENTS.map((event) => `${event}: ${this.times.get(event) ?? 0}`).join(', ');
  }
}
