import type { Database } from '../../platform/database/database.js';
import { Problem } from '../../platform/http/problem.js';
import type { IndexWork } from './build-store.js';
import type { IndexSpec } from './index-spec.js';
import { createIndex, type IndexFacts, ShardIndexes } from './shard-indexes.js';

/** How things stand on one shard before a build. */
export interface ShardFinding {
  shard: number;
  /** `leftover`: an attempt left an invalid index, which is dropped first. */
  finding: 'present' | 'absent' | 'leftover';
  /** Rows of the table, about. */
  estimatedRows: number;
  /** The size of the index if there is one, in bytes. */
  bytes: number;
  /** What would be run; null where nothing is to be done. */
  statement: string | null;
}

const STATEMENT_TIMEOUT_MS = 10_000;

/** Finds out on every shard, before anything is closed, whether a piece of work can be done. */
export class Preflight {
  /** @param protectedIndexes names of indexes that are never dropped */
  constructor(
    private readonly table: string,
    private readonly protectedIndexes: readonly string[],
  ) {}

  /** @throws Problem `invalid-request`, `index-conflict`, `not-found` when no shard has what is to be dropped */
  async examine(work: IndexWork, shards: ReadonlyMap<number, Database>): Promise<ShardFinding[]> {
    const findings = await Promise.all(
      [...shards].map(([number, shard]) => this.examineShard(work, number, shard)),
    );
    if (work.action === 'drop' && findings.every(({ finding }) => finding === 'absent'))
      throw new Problem('not-found', `No shard has an index ${work.name}.`);
    return findings;
  }

  private async examineShard(work: IndexWork, shard: number, database: Database): Promise<ShardFinding> {
    const client = await database.dedicatedClient();
    try {
      await client.query(`SET statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
      const indexes = new ShardIndexes(client, this.table);
      const table = await indexes.table();
      const found = await indexes.find(work.action === 'build' ? work.spec.name : work.name);
      const common = { shard, estimatedRows: table.estimatedRows, bytes: found?.bytes ?? 0 };
      if (work.action === 'drop') {
        if (found) this.expectDroppable(found);
        return {
          ...common,
          finding: found ? 'present' : 'absent',
          statement: found ? `DROP INDEX ${work.name}` : null,
        };
      }
      const finding = compare(work.spec, found, await indexes.shapeOf(work.spec, table));
      const { spec, concurrently } = work;
      const statement = finding === 'present' ? null : createIndex(spec, { on: this.table, concurrently });
      return { ...common, finding, statement };
    } finally {
      await client.end();
    }
  }

  private expectDroppable(found: IndexFacts): void {
    const { name } = found;
    if (!found.ours) throw new Problem('index-conflict', `${name} is not an index of the activities.`);
    if (found.constrains || this.protectedIndexes.includes(name))
      throw new Problem('index-conflict', `Sluice itself needs the index ${name}.`);
    if (found.attached)
      throw new Problem('index-conflict', `${name} is a part of an index of the whole table; drop that one.`);
  }
}

/** @throws Problem `index-conflict` when something else has its name */
export function compare(
  spec: IndexSpec,
  found: IndexFacts | undefined,
  shape: string,
): ShardFinding['finding'] {
  if (!found) return 'absent';
  if (!found.ours || found.shape !== shape) {
    const what = found.ours ? 'an index of another definition' : 'something else';
    throw new Problem('index-conflict', `There is ${what} called ${spec.name} already.`);
  }
  return found.complete ? 'present' : 'leftover';
}
