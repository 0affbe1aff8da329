import { write } from './citus.js';
import type { Database } from '../platform/database/database.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';

type Row = [recipientId: Id, stream: number, entryId: Id, kind: number, actorId: Id, subjectId: Id];

const unsortedPage = sqlFile<Row>(import.meta.url, './sql/unsorted-page.sql');
const settleRows = sqlFile(import.meta.url, './sql/settle-rows.sql');
const findUnsorted = {
  name: 'find_unsorted',
  text: `SELECT reltuples::float8 AS rows FROM pg_class WHERE oid = to_regclass('activities_unsorted')`,
};
const dropUnsorted = { name: 'drop_unsorted', text: 'DROP TABLE activities_unsorted' };

const START: Row = ['0', 0, '0', 0, '0', '0'];
const PAGE = 20_000;

/**
 * Takes the rows that a shard holds from before there were partitions to where they belong now, then drops their table.
 * A run that was cut off begins anew, two at the same time go one after the other, and rows that are there already are left alone.
 * @param ownerOf the shard on which a recipient's rows belong
 * @param report is told how many rows are done, and of about how many
 * @returns how many rows were taken; 0 when there is nothing to do
 */
export async function resettle(
  source: Database,
  ownerOf: (recipient: Id) => Database,
  report: (done: number, total: number) => void,
): Promise<number> {
  const lock = await source.dedicatedClient();
  try {
    await lock.query('SELECT pg_advisory_lock(727483, 3)');
    const [table] = await source.query<{ rows: number }>(findUnsorted);
    return table ? await takeAll(source, ownerOf, table.rows, report) : 0;
  } finally {
    await lock.end();
  }
}

async function takeAll(
  source: Database,
  ownerOf: (recipient: Id) => Database,
  total: number,
  report: (done: number, total: number) => void,
): Promise<number> {
  let taken = 0;
  for (let after = START; ;) {
    const rows = await source.tuples(unsortedPage, [...after, PAGE]);
    for (const owner of new Set(rows.map(([recipient]) => ownerOf(recipient)))) {
      const theirs = rows.filter(([recipient]) => ownerOf(recipient) === owner);
      await write(owner, settleRows, columnsOf(theirs));
    }
    taken += rows.length;
    report(taken, Math.max(taken, total));
    if (rows.length < PAGE) break;
    after = rows.at(-1)!;
  }
  await source.query(dropUnsorted);
  return taken;
}

const columnsOf = (rows: readonly Row[]): string[] =>
  START.map((_, column) => `{${rows.map((row) => row[column]).join(',')}}`);
