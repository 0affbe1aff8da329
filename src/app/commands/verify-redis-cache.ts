import { Command, InvalidArgumentError } from 'commander';
import type { Drift } from '../../relationships/mirror-verification.js';
import { MirrorVerification } from '../../relationships/mirror-verification.js';
import { UserStore } from '../../users/user-store.js';
import { CommandError, printResult, withServices } from './operate.js';
import { Progress } from './progress.js';

const EXAMPLES = 3;

interface VerifyOptions {
  sample?: number;
  user?: string;
  repair?: boolean;
  json?: boolean;
}

export function verifyRedisCacheCommand(): Command {
  return new Command('verify-redis-cache')
    .description('compare the graph mirror in Redis with Postgres; exits 1 when they differ')
    .option('--sample <users>', 'only so many users, drawn at random', parseCount)
    .option('--user <name>', 'only this user')
    .option(
      '--repair',
      'make the mirror what Postgres says; exits 1 only when something could not be put right',
    )
    .action(({ sample, user, repair, json }: VerifyOptions) =>
      withServices(async (services) => {
        const total = sample ?? (await services.get(UserStore).count());
        const one = user === undefined ? undefined : await services.get(UserStore).byName(user);
        if (user !== undefined && !one) throw new CommandError(`there is no user ${user}`);
        const progress = new Progress();
        const result = await services
          .get(MirrorVerification)
          .run({
            users: one ? [one.id] : (sample ?? 'all'),
            ...(repair ? { repair } : {}),
            report: (users) => progress.update('users', users, Math.max(total, users)),
          })
          .finally(() => progress.stop());
        const wrong = new Set(result.drift.map((drift) => drift.userId)).size;
        const summary = `${result.users} users compared, ${wrong} differ${repair ? `, ${result.repaired} repaired` : ''}`;
        printResult(json, result, [...describe(result.drift), summary].join('\n'));
        if (wrong > result.repaired) process.exitCode = 1;
      }),
    );
}

/** Each kind of difference, how often it occurs, and some examples. */
function describe(drift: readonly Drift[]): string[] {
  const kinds = [...new Set(drift.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const found = drift.filter((one) => one.kind === kind);
    const examples = found.slice(0, EXAMPLES).map(({ userId, detail }) => `  user ${userId}: ${detail}`);
    return [`${kind}: ${found.length}`, ...examples];
  });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('expected a whole number from 1');
  return count;
}
