import type pg from 'pg';
import type { Id } from '../../src/platform/ids/ids.js';

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
  private pulled = new Set<Id>();

  constructor(private readonly primary: pg.Client) {}

  note(event: (typeof EVENTS)[number]): void {
    this.times.set(event, (this.times.get(event) ?? 0) + 1);
  }

  /** Notes which authors came to be pulled since the last time, and which are, or were, being written again. */
  async notePulled(): Promise<void> {
    const { rows } = await this.primary.query<{ id: Id; state: string }>(
      "SELECT author_id AS id, state FROM pulled_authors WHERE state <> 'never'",
    );
    const pulled = new Set(rows.filter(({ state }) => state === 'pulled').map(({ id }) => id));
    if ([...pulled].some((id) => !this.pulled.has(id))) this.note('an author came to be pulled');
    if ([...this.pulled].some((id) => !pulled.has(id))) this.note('an author came to be written again');
    this.pulled = pulled;
  }

  /** What has not happened at all. */
  missing(): string[] {
    return EVENTS.filter((event) => !this.times.has(event));
  }

  summary(): string {
    return EVENTS.map((event) => `${event}: ${this.times.get(event) ?? 0}`).join(', ');
  }
}
