import { Command, InvalidArgumentError } from 'commander';
import { MirrorRebuild, type RebuildCertificate } from '../../relationships/mirror-rebuild.js';
import { MirrorVerification } from '../../relationships/mirror-verification.js';
import { UserStore } from '../../users/user-store.js';
import { CommandError, printResult, withServices } from './operate.js';
import { Progress } from './progress.js';

interface RebuildCommandOptions {
  throttle?: number;
  gentle?: boolean;
  user?: string;
  compare: number | 'all';
  dryRun?: boolean;
  json?: boolean;
}

export function rebuildRedisCacheCommand(): Command {
  return new Command('rebuild-redis-cache')
    .description(
      'build the graph mirror in Redis anew from Postgres, beside the one in use, while changes go on; compare it, and swap; ' +
        'one that was cut off is gone on with',
    )
    .option(
      '--throttle <commands>',
      'at most so many Redis commands (about two per user) a second',
      parseCount,
    )
    .option(
      '--gentle',
      'Postgres, this process and Redis work by turns, one processor at a time: takes longer, and is hardly noticed by those who read',
    )
    .option('--user <name>', 'only this user, in the mirror in use')
    .option('--compare <users>', 'how many users to compare before the swap, or "all"', parseCompare, 2_000)
    .option('--dry-run', 'only say what there is to load and how things stand')
    .action((options: RebuildCommandOptions) =>
      options.dryRun
        ? dryRun(options)
        : options.user === undefined
          ? rebuild(options)
          : rebuildUser(options.user, options),
    );
}

function rebuild({ throttle, gentle = false, compare, json }: RebuildCommandOptions): Promise<void> {
  return withServices(async (services) => {
    const progress = new Progress();
    const certificate = await services
      .get(MirrorRebuild)
      .run({
        ...(throttle ? { commandsPerSecond: throttle } : {}),
        gentle,
        compare,
        report: (edges, total) => progress.update('relationships', edges, Math.max(total, edges)),
      })
      .finally(() => progress.stop());
    if (!certificate) throw new CommandError('a rebuild is under way already');
    printResult(json, certificate, describe(certificate));
  });
}

function rebuildUser(name: string, { json }: RebuildCommandOptions): Promise<void> {
  return withServices(async (services) => {
    const user = await services.get(UserStore).byName(name);
    if (!user) throw new CommandError(`there is no user ${name}`);
    const { drift, repaired } = await services
      .get(MirrorVerification)
      .run({ users: [user.id], repair: true });
    const text = drift.length === 0 ? `${name} was right` : `${name}: ${drift.length} differences, repaired`;
    printResult(json, { user: name, drift, repaired }, text);
    if (drift.length > 0 && repaired === 0) process.exitCode = 1;
  });
}

function dryRun({ json }: RebuildCommandOptions): Promise<void> {
  return withServices(async (services) => {
    const plan = await services.get(MirrorRebuild).plan();
    const { users, edges, ready, state } = plan;
    const now = ready ? 'there is a mirror in use' : 'there is no mirror in use';
    const left = state
      ? `; a rebuild was cut off at ${state.edges} relationships and would be gone on with`
      : '';
    printResult(json, plan, `would load ${users} users and about ${edges} relationships; ${now}${left}`);
  });
}

function describe(certificate: RebuildCertificate): string {
  const { users, edges, compared, mismatches, seconds, bytes, slowest, resumed } = certificate;
  return [
    `${users} users, ${edges} relationships in ${seconds.toFixed(1)} s (${Math.round(edges / seconds)}/s)${resumed ? ', gone on with' : ''}`,
    `mismatches: ${mismatches} (each set's size acknowledged; ${compared} users compared member by member)`,
    `memory: ${(bytes / 1_048_576).toFixed(1)} MiB; slowest command of Redis meanwhile: ${slowest ? `${slowest.command.toUpperCase()}, at most ${slowest.atMostMs.toFixed(1)} ms` : 'not measured'}`,
  ].join('\n');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('expected a whole number from 1');
  return count;
}

const parseCompare = (text: string): number | 'all' => (text === 'all' ? 'all' : parseCount(text));
