import { Command, Option } from 'commander';
import { fanoutCommand } from './commands/fanout.js';
import { buildIndexCommand } from './commands/build-index.js';
import { explainCommand } from './commands/explain.js';
import { gateCommand } from './commands/gate.js';
import { importGraphCommand } from './commands/import-graph.js';
import { migrateCommand } from './commands/migrate.js';
import { rebuildRedisCacheCommand } from './commands/rebuild-redis-cache.js';
import { repairActivitiesCommand } from './commands/repair-activities.js';
import { seedCommand } from './commands/seed.js';
import { shardsCommand } from './commands/shards.js';
import { slowQueriesCommand } from './commands/slow-queries.js';
import { usersCommand } from './commands/users.js';
import { verifyRedisCacheCommand } from './commands/verify-redis-cache.js';

/** The operators' command line. */
export function createProgram(): Command {
  const program = new Command('sluice')
    .description(
      'Operates a Sluice installation. Works on the stores that DATABASE_URL, ACTIVITY_SHARD_URLS and REDIS_URL name; ' +
        'without them on the embedded ones in SLUICE_DATA_DIR (.data), whether `npm start` is running or not.',
    )
    .showHelpAfterError('(add --help for what there is)')
    .configureHelp({ showGlobalOptions: true });
  const commands = [
    migrateCommand(),
    seedCommand(),
    importGraphCommand(),
    rebuildRedisCacheCommand(),
    verifyRedisCacheCommand(),
    usersCommand(),
    gateCommand(),
    fanoutCommand(),
    explainCommand(),
    buildIndexCommand(),
    slowQueriesCommand(),
    repairActivitiesCommand(),
    shardsCommand(),
  ];
  for (const command of commands) {
    addJsonOption(command);
    program.addCommand(command);
  }
  return program;
}

function addJsonOption(command: Command): void {
  const leaves = command.commands.length > 0 ? command.commands : [command];
  for (const leaf of leaves) leaf.addOption(new Option('--json', 'print the result as one JSON object'));
}
