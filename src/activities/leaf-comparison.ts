import type pg from 'pg';
import { sqlFile } from '../platform/database/sql.js';
import { MAX_ID, type Id } from '../platform/ids/ids.js';
import { onLeaf } from './leaf-statements.js';
import { leafOf } from './leaves.js';

interface Digest {
  rows: number;
  digest: string;
}

const rangeEnd = sqlFile<{ end: Id | null }>(import.meta.url, './sql/range-end.sql');
const rangeDigest = sqlFile<Digest>(import.meta.url, './sql/range-digest.sql');

/** About how many rows are compared at a time. */
const RANGE_ROWS = 5_000;
/** How often a range may be found to have changed meanwhile before it is cut in two, or taken for different. */
const ATTEMPTS = 6;

/** How often it has to differ with the source unchanged. */
const MISSES = 3;

/** Recipients behind the first, up to the last. */
export interface Range {
  after: Id;
  upTo: Id;
}

/** Both copies of a bucket, while the one follows the other. */
export interface Copies {
  source: pg.Client;
  copy: pg.Client;
  /** Waits until everything has arrived in the copy that was committed in the source before. */
  caughtUp: () => Promise<void>;
}

/**
 * Compares counts and checksums of a bucket and its copy, range by range of recipients, while rows are written: a range
 * that differs is looked at again once the copy has caught up, with the source read before and after.
 * @param onRange is told how many rows were found alike; it may take its time, or throw to end the comparison
 * @returns the first range that differs although nothing was written in it; undefined when all is alike
 */
export async function compareLeaf(
  copies: Copies,
  bucket: number,
  onRange: (rows: number) => Promise<void>,
): Promise<Range | undefined> {
  const leaf = leafOf(bucket);
  let after: Id = '-1';
  for (;;) {
    const { rows } = await copies.source.query<{ end: Id | null }>(onLeaf(rangeEnd, leaf).text, [
      after,
      RANGE_ROWS,
    ]);
    // The last range is open, so that rows are found which only the copy has.
    const upTo = rows[0]!.end ?? MAX_ID;
    const different = await compareRange(copies, leaf, { after, upTo }, onRange);
    if (different) return different;
    if (rows[0]!.end === null) return undefined;
    after = upTo;
  }
}

async function compareRange(
  { source, copy, caughtUp }: Copies,
  leaf: string,
  range: Range,
  onRange: (rows: number) => Promise<void>,
): Promise<Range | undefined> {
  const digestOf = async (client: pg.Client): Promise<Digest> =>
    (await client.query<Digest>(onLeaf(rangeDigest, leaf).text, [range.after, range.upTo])).rows[0]!;
  // One after the other: there is no hurry, and others want to read.
  const first = await digestOf(source);
  const other = await digestOf(copy);
  if (areAlike(first, other)) {
    await onRange(first.rows);
    return undefined;
  }
  let misses = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await digestOf(source);
    await caughtUp();
    const copied = await digestOf(copy);
    const after = await digestOf(source);
    if (areAlike(copied, before) || areAlike(copied, after)) {
      await onRange(copied.rows);
      return undefined;
    }
    // What came and went in between looks like nothing, though hardly again and again.
    if (areAlike(before, after) && ++misses === MISSES) return range;
  }
  const middle = (BigInt(range.after) + BigInt(range.upTo)) / 2n;
  if (String(middle) === range.after) return range;
  const halves = [
    { after: range.after, upTo: String(middle) },
    { after: String(middle), upTo: range.upTo },
  ];
  for (const half of halves) {
    const different = await compareRange({ source, copy, caughtUp }, leaf, half, onRange);
    if (different) return different;
  }
  return undefined;
}

const areAlike = (a: Digest, b: Digest): boolean => a.rows === b.rows && a.digest === b.digest;
