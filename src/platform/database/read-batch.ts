import type pg from 'pg';

/** A statement that reads; with a name, it is prepared once a connection. */
export interface ReadStatement {
  name: string | undefined;
  text: string;
  values: (string | Buffer | null)[];
}

/** What the driver has read of a `RowDescription`, and of a `DataRow`. */
interface RowDescription {
  fields: readonly { dataTypeID: Parameters<typeof pg.types.getTypeParser>[0] }[];
}
interface DataRow {
  fields: readonly (string | null)[];
}

type Parser = (text: string) => unknown;

export interface BatchOutcome<Read> {
  /** What is the matter with the first that was not answered; undefined when all were. */
  failure: Error | undefined;
  /** In their order; those behind the first were passed over. */
  unanswered: readonly Read[];
}

/** How the columns of prepared statements are read, by their names; a connection that knows a name has prepared its statement. */
const parsersOf = new WeakMap<pg.Connection, Map<string, readonly Parser[]>>();

/**
 * Reads that go to Postgres together, as one query of the driver: written at once, and closed by a single `Sync`, so that
 * Postgres answers all of them in one transaction and sends the answers together. Each has a plan and a snapshot of its own. One
 * that fails ends the batch: those behind it are passed over, and have to be asked again.
 *
 * The driver takes it as it takes pg-cursor's queries, and calls methods of these names. The protocol:
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class ReadBatch<Read extends ReadStatement> implements pg.Submittable {
  /** Set by the driver, where there is a time limit; to be called at the end. */
  callback: ((error?: Error) => void) | undefined;
  private prepared = new Map<string, readonly Parser[]>();
  /** Those of the read that is being answered. */
  private parsers: readonly Parser[] = [];
  private rows: unknown[][] = [];
  private answered = 0;
  private isOver = false;

  /**
   * @param onRows told of the rows of each read as soon as they are complete, each row as an array of its columns
   * @param onEnd told when nothing more will come
   */
  constructor(
    private readonly client: Pick<pg.Client, 'getTypeParser'>,
    private readonly reads: readonly Read[],
    private readonly onRows: (read: Read, rows: unknown[][]) => void,
    private readonly onEnd: (outcome: BatchOutcome<Read>) => void,
  ) {}

  submit(connection: pg.Connection): void {
    this.prepared = parsersOf.get(connection) ?? this.prepared;
    parsersOf.set(connection, this.prepared);
    const asked = new Set<string>();
    connection.stream.cork();
    for (const { name = '', text, values } of this.reads) {
      if (name === '' || !(this.prepared.has(name) || asked.has(name))) {
        connection.parse({ name, text, types: [] }, true);
        connection.describe({ type: 'S', name }, true);
        asked.add(name);
      }
      connection.bind({ statement: name, values }, true);
      connection.execute(null, true);
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.parsers = fields.map(({ dataTypeID }) => this.client.getTypeParser(dataTypeID, 'text') as Parser);
    const name = this.reads[this.answered]?.name;
    if (name !== undefined) this.prepared.set(name, this.parsers);
  }

  handleDataRow({ fields }: DataRow): void {
    if (this.rows.length === 0) {
      const name = this.reads[this.answered]?.name;
      if (name !== undefined) this.parsers = this.prepared.get(name)!;
    }
    this.rows.push(fields.map((text, column) => (text === null ? null : this.parsers[column]!(text))));
  }

  handleCommandComplete(): void {
    if (this.isOver) return;
    const { rows } = this;
    this.rows = [];
    this.onRows(this.reads[this.answered++]!, rows);
  }

  handleError(error: Error): void {
    this.end(error);
  }

  handleReadyForQuery(): void {
    const isComplete = this.answered === this.reads.length;
    this.end(isComplete ? undefined : new Error('Postgres answered fewer statements than it was asked.'));
  }

  private end(failure: Error | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.callback?.(failure);
    this.onEnd({ failure, unanswered: this.reads.slice(this.answered) });
  }
}
