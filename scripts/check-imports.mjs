// Holds the imports against .dependency-cruiser.cjs, and fails when it saw no modules: then it could not have found anything.
import { spawnSync } from 'node:child_process';
import { enterProject } from './lib/project.mjs';

const LEAST_MODULES = 80;

enterProject();
const cruise = (reporter) =>
  spawnSync(
    'node_modules/.bin/depcruise',
    ['src', 'migrations', '--config', '.dependency-cruiser.cjs', '-T', reporter],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
const { summary } = JSON.parse(cruise('json').stdout);
const own = summary.totalCruised;
if (own < LEAST_MODULES) {
  console.error(
    `Only ${own} modules were cruised, at least ${LEAST_MODULES} are there: the check sees nothing.`,
  );
  process.exit(1);
}
if (summary.error > 0) {
  console.error(cruise('err').stdout);
  process.exit(1);
}
console.log(`Imports: ${own} modules, ${summary.totalDependenciesCruised} dependencies, no violation.`);
