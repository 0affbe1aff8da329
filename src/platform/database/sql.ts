import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Id } from '../ids/ids.js';

/** One SQL statement with the name under which a connection prepares it. `Row` is the shape of a result row. */
export interface Statement<Row = unknown> {
  readonly name: string;
  readonly text: string;
  /** Carries the row type; never set. */
  readonly row?: Row;
}

/**
 * Loads the statement in a `.sql` file that stands beside the module that runs it.
 * @param moduleUrl the caller's `import.meta.url`
 * @param file the file's name; with a digest of the text it becomes the prepared statement's name
 */
export function sqlFile<Row>(moduleUrl: string, file: string): Statement<Row> {
  const text = readFileSync(fileURLToPath(new URL(file, moduleUrl)), 'utf8');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return { name: `${basename(file, '.sql')}_${digest}`, text };
}

/** Ids as one `bigint[]` parameter, ready for the wire: the driver would quote and escape each of them. */
export const idList = (ids: readonly Id[]): string => `{${ids.join(',')}}`;
