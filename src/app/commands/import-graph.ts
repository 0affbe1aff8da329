import { Command, InvalidArgumentError, Option } from 'commander';
import { GraphImport } from '../../ops/graph-import.js';
import type { FollowKind } from '../../users/user-view.js';
import { printResult, withServices } from './operate.js';
import { Progress } from './progress.js';

interface ImportGraphOptions {
  prefix: string;
  kind: FollowKind;
  undirected?: boolean;
  json?: boolean;
}

export function importGraphCommand(): Command {
  return new Command('import-graph')
    .summary('import an edge list of follows')
    .description(
      'import an edge list: `follower followed` a line, plain or gzip; makes the users that are missing. ' +
        'They have no password. Repeating an import, or going on with one that was cut off, adds what is missing.',
    )
    .argument(
      '<file>',
      'the edge list; blanks, tab or comma between the two; lines that begin with # or % are comments',
    )
    .option(
      '--prefix <text>',
      'goes before each node to make its username; up to 6 characters',
      parsePrefix,
      'n',
    )
    .addOption(new Option('--kind <kind>', 'how they follow').choices(['friend', 'noise']).default('friend'))
    .option('--undirected', 'each line is a follow in both directions')
    .action((file: string, { prefix, kind, undirected = false, json }: ImportGraphOptions) =>
      withServices(async (services) => {
        const progress = new Progress();
        const began = performance.now();
        const result = await services
          .get(GraphImport)
          .run({ file, prefix, kind, undirected }, (step, done, total) => progress.update(step, done, total))
          .finally(() => progress.stop());
        const seconds = (performance.now() - began) / 1_000;
        printResult(
          json,
          { ...result, seconds },
          `${result.users} users, ${result.edges} edges: ${result.follows} new follows in ${seconds.toFixed(1)} s ` +
            `(${Math.round(result.edges / seconds)} edges/s)`,
        );
      }),
    );
}

function parsePrefix(text: string): string {
  if (!/^[A-Za-z0-9_-]{0,6}$/.test(text)) throw new InvalidArgumentError('up to 6 letters, digits, _ or -');
  return text;
}
