import type { Id } from '../../platform/ids/ids.js';

const REMEMBERED_MS = 5_000;
const MOST = 10_000;

/** Ids that turned out to be nobody's, remembered for a moment, so that asking for them again costs no query. */
export class Nobodies {
  private readonly until = new Map<Id, number>();

  has(id: Id): boolean {
    return (this.until.get(id) ?? 0) > Date.now();
  }

  add(id: Id): void {
    if (this.until.size >= MOST) this.until.clear();
    this.until.set(id, Date.now() + REMEMBERED_MS);
  }
}
