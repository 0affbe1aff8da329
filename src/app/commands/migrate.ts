import { Command } from 'commander';
import { migrateAll, type MigrationOutcome } from '../../ops/migrate.js';
import { printResult, withConfig } from './operate.js';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the primary and every shard up to date, and say which one is behind')
    .option('--dry-run', 'only say what is pending; exits 1 when something is')
    .action(({ dryRun, json }: { dryRun?: boolean; json?: boolean }) =>
      withConfig(async (config) => {
        const databases = await migrateAll(config, dryRun);
        printResult(json, { databases }, databases.map(describe).join('\n'));
        if (databases.some((database) => database.pending.length > 0)) process.exitCode = 1;
      }),
    );
}

function describe({ database, applied, pending, error }: MigrationOutcome): string {
  if (error) return `${database}: BEHIND by ${pending.length}: ${error}`;
  if (pending.length > 0) return `${database}: behind by ${pending.length}: ${pending.join(', ')}`;
  return `${database}: up to date${applied.length > 0 ? `; applied ${applied.join(', ')}` : ''}`;
}
