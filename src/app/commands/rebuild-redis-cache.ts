import { Command } from 'commander';
import { MirrorRebuild } from '../../relationships/mirror-rebuild.js';
import { CommandError, printResult, withServices } from './operate.js';
import { Progress } from './progress.js';

export function rebuildRedisCacheCommand(): Command {
  return new Command('rebuild-redis-cache')
    .description('build the graph mirror in Redis anew from Postgres, beside the one in use, and swap')
    .action(({ json }: { json?: boolean }) =>
      withServices(async (services) => {
        const progress = new Progress();
        const began = performance.now();
        const loaded = await services
          .get(MirrorRebuild)
          .run({ report: (edges, total) => progress.update('relationships', edges, Math.max(total, edges)) })
          .finally(() => progress.stop());
        if (!loaded) throw new CommandError('a rebuild is under way already');
        const seconds = (performance.now() - began) / 1_000;
        printResult(
          json,
          { ...loaded, seconds },
          `${loaded.users} users, ${loaded.edges} relationships in ${seconds.toFixed(1)} s`,
        );
      }),
    );
}
