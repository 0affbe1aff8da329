import { createHash } from 'node:crypto';
import pg from 'pg';
import { Problem } from '../../platform/http/problem.js';
import { type Condition, parsePredicate, renderPredicate } from './predicate.js';

export interface IndexColumn {
  name: string;
  descending: boolean;
}

/** An index as it is to be, the same on every shard. Plain data: it is kept with the build. */
export interface IndexSpec {
  name: string;
  columns: IndexColumn[];
  /** Columns that it only carries along, so that a query need not go to the table for them. */
  include: string[];
  unique: boolean;
  where: Condition[];
}

/** An index as somebody asks for it. */
export interface IndexWish {
  /** Each a column's name, with `desc` behind it for a descending one. */
  columns: readonly string[];
  include?: readonly string[] | undefined;
  unique?: boolean | undefined;
  where?: string | undefined;
  name?: string | undefined;
}

/** What every row of a recipient lies under, on one shard: without it nothing is unique across shards. */
const OWNER_COLUMN = 'recipient_id';
/** Postgres takes 63 bytes; what is left over tells the indexes of single partitions apart. */
const NAME = /^[a-z][a-z0-9_]{0,47}$/;
const MOST_COLUMNS = 16;

/**
 * Checks what can be checked without a database.
 * @param table the table's name; where no name is given for the index, it begins with it
 * @throws Problem `invalid-request` that says what is wrong
 */
export function toSpec(wish: IndexWish, table: string): IndexSpec {
  const columns = wish.columns.map(toColumn);
  const include = [...(wish.include ?? [])];
  const unique = wish.unique ?? false;
  const where = wish.where === undefined ? [] : parsePredicate(wish.where);
  const names = [...columns.map(({ name }) => name), ...include];
  if (columns.length === 0) throw refused('There is no column to index.');
  if (names.length > MOST_COLUMNS) throw refused(`An index has up to ${MOST_COLUMNS} columns.`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refused(`The column ${twice} is named twice.`);
  if (unique && !columns.some(({ name }) => name === OWNER_COLUMN)) {
    throw refused(
      `A unique index must have ${OWNER_COLUMN} among its columns: no shard knows what lies on another one.`,
    );
  }
  const spec = { name: '', columns, include, unique, where };
  return { ...spec, name: checkedName(wish.name ?? defaultName(spec, table)) };
}

/** @throws Problem `invalid-request` when no index may be called so */
export function checkedName(name: string): string {
  if (!NAME.test(name))
    throw refused(
      'An index is named with up to 48 of the letters a to z, digits and _, beginning with a letter.',
    );
  return name;
}

/** What stands in CREATE INDEX behind the table. */
export function renderDefinition({ columns, include, where }: IndexSpec): string {
  const keys = columns.map(({ name, descending }) => pg.escapeIdentifier(name) + (descending ? ' DESC' : ''));
  const carried = include.map((name) => pg.escapeIdentifier(name));
  return [
    `(${keys.join(', ')})`,
    ...(carried.length > 0 ? [`INCLUDE (${carried.join(', ')})`] : []),
    ...(where.length > 0 ? [`WHERE ${renderPredicate(where)}`] : []),
  ].join(' ');
}

/** Every column that the index names. */
export const columnsOf = ({ columns, include, where }: IndexSpec): string[] => [
  ...columns.map(({ name }) => name),
  ...include,
  ...where.map(({ column }) => column),
];

function toColumn(text: string): IndexColumn {
  const [, name, order] = /^\s*(\S+)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
  if (name === undefined) throw refused('A column is a name, with desc behind it if it is to descend.');
  return { name, descending: order?.toLowerCase() === 'desc' };
}

/** The same for the same definition, so that asking again finds what there is. */
function defaultName(spec: IndexSpec, table: string): string {
  const digest = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 10);
  return `${table}_${spec.unique ? 'uq' : 'ix'}_${digest}`;
}

const refused = (why: string): Problem => new Problem('invalid-request', why);
