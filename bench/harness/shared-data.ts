import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { MissingDataError } from './benchmark.js';

/** Where the data sets lie: beside the project, from whose root benchmarks run. */
const FOLDER = '../shared/data';

/** The path of a data set. @throws MissingDataError when it is not there */
export function sharedData(name: string): string {
  const path = resolve(FOLDER, name);
  if (!existsSync(path)) throw new MissingDataError(`it needs ${FOLDER}/${name}, which is not there`);
  return path;
}
