import type { BenchStack } from './bench-stack.js';

/** One measured figure, with a value for each round. */
export interface Series {
  /** camelCase, with the unit at its end where it is not a count: what programs find it by. */
  name: string;
  /** What it is, for people. */
  label: string;
  unit: string;
  values: readonly number[];
}

/** What a benchmark found out. */
export interface Report {
  /** The figure that it is about. */
  headline: Series;
  /** The limit that the figure is held against, or the alternative, measured in the same run. */
  limit: Series;
  /** The headline over the limit (1 = at the limit), or how many times faster it is than the alternative. */
  ratio: number;
  /** Whatever else is worth knowing. */
  others: readonly Series[];
  /** What it was measured on. */
  data: string;
  /** Remarks, a line each. */
  notes?: readonly string[];
}

/** What a benchmark gets to work with. */
export interface BenchContext {
  /** A stack of its own, fresh and migrated. */
  stack: BenchStack;
  /** One of its `sizes`. */
  size: string;
  /** Tells the person who waits what is being done. */
  say: (line: string) => void;
}

export interface Benchmark {
  name: string;
  /** One line. */
  summary: string;
  /** What may be asked for, by name, and what it means; the first one is the default. */
  sizes: Readonly<Record<string, string>>;
  /** Settings of Postgres that differ from those of the embedded stack, by name. */
  postgresSettings?: Readonly<Record<string, string>>;
  run(context: BenchContext): Promise<Report>;
}

/** One value where a figure was measured once. */
export function single(name: string, label: string, unit: string, value: number): Series {
  return { name, label, unit, values: [value] };
}

/** A data file that a benchmark needs is not there: it is skipped, which is no failure. */
export class MissingDataError extends Error {
  override readonly name = 'MissingDataError';
}
