import pg from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import { type BatchOutcome, ReadBatch, type ReadStatement } from './read-batch.js';

interface Question {
  name?: string | undefined;
  text: string;
  values?: readonly unknown[];
}

interface Read extends ReadStatement {
  since: number;
  resolve: (rows: unknown[][]) => void;
  reject: (error: unknown) => void;
}

/** How many connections there are; whoever asks while both are busy goes with the others in the next batch. */
const CONNECTIONS = 2;
/** How many statements go to Postgres together at most. */
const MOST_TOGETHER = 100;
/** How codes begin that say that the session is over, which the connection itself may not have heard yet. */
const SESSION_ENDED = '57P';

/**
 * Sends statements that are asked for at about the same time to Postgres together: written at once, on one connection, and
 * answered one after another. Each is still a statement of its own, with a plan of its own, and fails alone. It saves Node
 * a write, and Postgres a process that wakes up, a transaction and an answer, for each of them: which costs more than a short
 * read itself.
 *
 * For short reads alone, since each may have to wait for the others.
 */
export class PipelinedReads {
  private readonly pool: pg.Pool;
  private waiting: Read[] = [];
  private running = 0;

  /**
   * @param options its `connectionTimeoutMillis` is also how long a read waits for its turn
   * @param onBroken told of a connection that broke while nobody used it
   */
  constructor(
    private readonly options: pg.PoolConfig,
    onBroken: (error: Error) => void,
  ) {
    this.pool = new pg.Pool({ ...options, max: CONNECTIONS });
    this.pool.on('error', onBroken);
  }

  /** The rows of a statement, each as an array of its columns; with a name, it is prepared once a connection. */
  rows({ name, text, values = [] }: Question): Promise<unknown[][]> {
    return new Promise((resolve, reject) => {
      const since = performance.now();
      this.waiting.push({ name, text, values: values.map(prepareValue), since, resolve, reject });
      // Once this turn of the event loop is over: answers that arrived together lead to questions that go out together.
      if (this.waiting.length === 1) setImmediate(() => this.next());
    });
  }

  /** Waits for what runs, and closes the connections. */
  async close(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }

  private next(): void {
    this.turnAway();
    if (this.running === CONNECTIONS || this.waiting.length === 0) return;
    const reads = this.waiting.splice(0, MOST_TOGETHER);
    this.running++;
    void this.serve(reads).finally(() => {
      this.running--;
      this.next();
    });
    this.next();
  }

  /** Whoever has waited too long by the time at which somebody's turn comes. */
  private turnAway(): void {
    const oldest = performance.now() - (this.options.connectionTimeoutMillis ?? Infinity);
    while (this.waiting.length > 0 && this.waiting[0]!.since < oldest)
      this.waiting.shift()!.reject(new Error('timeout exceeded when trying to connect'));
  }

  private async serve(reads: readonly Read[]): Promise<void> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      for (const { reject } of reads) reject(error);
      return;
    }
    let broken: Error | undefined;
    const onError = (error: Error) => (broken = error);
    client.on('error', onError);
    for (let rest = reads; rest.length > 0;) {
      const { failure, unanswered } = await put(client, rest);
      const [failed, ...passedOver] = unanswered;
      failed?.reject(failure);
      rest = passedOver;
      if (!failure || !endsSession(failure)) continue;
      broken = failure;
      for (const { reject } of rest) reject(failure);
      break;
    }
    client.off('error', onError);
    client.release(broken);
  }
}

/** Puts reads to Postgres, and answers those that it can answer. */
function put(client: pg.PoolClient, reads: readonly Read[]): Promise<BatchOutcome<Read>> {
  return new Promise((resolve) => {
    client.query(new ReadBatch(client, reads, ({ resolve }, rows) => resolve(rows), resolve));
  });
}

const endsSession = (error: Error): boolean =>
  !(error instanceof pg.DatabaseError) || error.code?.startsWith(SESSION_ENDED) === true;
