import pg from 'pg';

interface Read {
  query: pg.QueryArrayConfig;
  since: number;
  resolve: (rows: unknown[][]) => void;
  reject: (error: unknown) => void;
}

/** How many connections there are; whoever asks while both are busy goes with the others in the next batch. */
const CONNECTIONS = 2;
/** How many statements go to Postgres together at most. */
const MOST_TOGETHER = 100;
/** A statement of this name was never prepared: because the one that should have prepared it, just before, failed. */
const NOT_PREPARED = '26000';
/** How codes begin that say that the session is over, which the connection itself may not have heard yet. */
const SESSION_ENDED = '57P';

/**
 * Sends statements that are asked for at about the same time to Postgres together: written at once, on one connection, and
 * answered one after another. Each is still a statement of its own, with a plan of its own, and fails alone. It saves Node
 * a write, and Postgres a process that wakes up, for each of them: which costs more than a short read itself.
 *
 * For short reads alone, since each waits for those before it.
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
    this.pool = new pg.Pool({ ...options, max: CONNECTIONS, pipeline: true });
    this.pool.on('error', onBroken);
  }

  /** The rows of a prepared statement, each as an array of its columns. */
  rows(query: pg.QueryArrayConfig): Promise<unknown[][]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ query, since: performance.now(), resolve, reject });
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
    const unprepared: Read[] = [];
    let broken: Error | undefined;
    const onError = (error: Error) => (broken = error);
    client.on('error', onError);
    const onFailure = (read: Read, error: Error) => {
      if ((error as { code?: unknown }).code === NOT_PREPARED) unprepared.push(read);
      else read.reject(error);
      if (!(error instanceof pg.DatabaseError) || error.code?.startsWith(SESSION_ENDED)) broken ??= error;
    };
    await new Promise<void>((done) => {
      let open = reads.length;
      const { stream } = (client as unknown as pg.Client).connection;
      stream.cork();
      for (const read of reads) {
        client.query<unknown[]>(read.query, (error: Error | null, result) => {
          if (error) onFailure(read, error);
          else read.resolve(result.rows);
          if (--open === 0) done();
        });
      }
      stream.uncork();
    });
    client.off('error', onError);
    client.release(broken);
    // By itself each says what was the matter with it.
    for (const { query, resolve, reject } of unprepared)
      await this.pool.query<unknown[]>(query).then(({ rows }) => resolve(rows), reject);
  }
}
