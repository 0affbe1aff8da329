import type { Id } from '../ids/ids.js';

interface Request<Row> {
  ids: readonly Id[];
  resolve: (rows: Map<Id, Row>) => void;
  reject: (error: unknown) => void;
}

/** How many statements run side by side; whoever asks meanwhile waits for the next one, together with the others. */
const MOST_RUNNING = 2;
/** How many ids one statement asks for at most, unless a single caller wants more. */
const MOST_IDS = 1_000;

/**
 * Joins reads by id that different callers ask for at about the same time into one statement (the idea is that of
 * Facebook's DataLoader). It holds nothing back and keeps nothing: a lone caller is served at once, and what is read is
 * read after it was asked for. Rows may be shared between callers, so nobody changes one.
 */
export class BatchedReads<Row extends { id: Id }> {
  private waiting: Request<Row>[] = [];
  private running = 0;

  /** @param read one statement for ids, each of them once; rows in any order, those that do not exist left out */
  constructor(private readonly read: (ids: readonly Id[]) => Promise<Row[]>) {}

  /** The rows with these ids; those that do not exist are missing from the map. */
  byIds(ids: readonly Id[]): Promise<Map<Id, Row>> {
    if (ids.length === 0) return Promise.resolve(new Map<Id, Row>());
    return new Promise((resolve, reject) => {
      this.waiting.push({ ids, resolve, reject });
      // Once this turn of the event loop is over: answers that arrived together lead to questions that go out together.
      if (this.waiting.length === 1) setImmediate(() => this.next());
    });
  }

  private next(): void {
    if (this.running === MOST_RUNNING || this.waiting.length === 0) return;
    const requests = this.take();
    this.running++;
    void this.serve(requests).finally(() => {
      this.running--;
      this.next();
    });
    this.next();
  }

  /** The requests that have waited longest, as many as one statement takes. */
  private take(): Request<Row>[] {
    let ids = 0;
    const fitting = this.waiting.findIndex((request) => (ids += request.ids.length) > MOST_IDS);
    return this.waiting.splice(0, fitting === -1 ? this.waiting.length : Math.max(1, fitting));
  }

  private async serve(requests: Request<Row>[]): Promise<void> {
    try {
      const rows = await this.read([...new Set(requests.flatMap((request) => request.ids))]);
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const { ids, resolve } of requests) resolve(pick(byId, ids));
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}

function pick<Row>(rows: Map<Id, Row>, ids: readonly Id[]): Map<Id, Row> {
  const picked = new Map<Id, Row>();
  for (const id of ids) {
    const row = rows.get(id);
    if (row) picked.set(id, row);
  }
  return picked;
}
