import { Command } from 'commander';
import { migrateAll, type MigrationOutcome } from '../../ops/migrate.js';
import { printResult, withConfig } from './operate.js';
import { Progress } from './progress.js';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the primary and every shard up to date, and say which one is behind')
    .option('--dry-run', 'only say what is pending; exits 1 when something is')
    .action(({ dryRun, json }: { dryRun?: boolean; json?: boolean }) =>
      withConfig(async (config) => {
        const progress = new Progress();
        const databases = await migrateAll(config, dryRun, (label, done, total) =>
          progress.update(label, done, total),
        ).finally(() => progress.stop());
        printResult(json, { databases }, databases.map(describe).join('\n'));
        if (databases.some(({ pending, error }) => pending.length > 0 || error)) process.exitCode = 1;
      }),
    );
}

function describe({ database, applied, pending, error }: MigrationOutcome): string {
  if (error) return `${database}: NOT READY, behind by ${pending.length}: ${error}`;
  if (pending.length > 0) return `${database}: behind by ${pending.length}: ${pending.join(', ')}`;
  return `${database}: up to date${applied.length > 0 ? `; applied ${applied.join(', ')}` : ''}`;
}
