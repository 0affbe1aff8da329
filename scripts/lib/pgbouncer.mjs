import { run, say } from './project.mjs';
import { findProgram, installCommands } from './system-packages.mjs';

const packages = { 'apt-get': ['pgbouncer'], dnf: ['pgbouncer'], apk: ['pgbouncer'], brew: ['pgbouncer'] };

/**
 * Gets PgBouncer for the tests that run through it, where nobody has to be asked. Without it they are skipped, and say
 * so; the product itself needs none.
 */
export async function ensurePgbouncer() {
  if (findProgram('pgbouncer')) return;
  const commands = await installCommands(packages);
  if (commands.length > 0) say('Installing PgBouncer for the tests…');
  for (const [file, ...args] of commands) {
    await run(file, args);
    if (findProgram('pgbouncer')) return;
  }
  say('PgBouncer is missing: the tests that run through it are skipped.');
}
