import { Command } from 'commander';
import { type DatabaseCosts, SlowQueries, type SlowQuery } from '../../ops/slow-queries.js';
import { printResult, withServices } from './operate.js';
import { countParser } from './option-parsers.js';

interface SlowQueriesOptions {
  limit: number;
  reset?: boolean;
  json?: boolean;
}

export function slowQueriesCommand(): Command {
  return new Command('slow-queries')
    .description('the statements that cost most on the primary and on each shard, from pg_stat_statements')
    .option('--limit <count>', 'how many of each database', countParser(1, 100), 10)
    .option('--reset', 'begin to count anew, after showing them')
    .action(({ limit, reset = false, json }: SlowQueriesOptions) =>
      withServices(async (services) => {
        const queries = services.get(SlowQueries);
        const databases = await queries.costliest(limit);
        const lines = databases.map(describe);
        const failures = reset
          ? (await queries.reset()).filter(({ unavailable }) => unavailable !== null)
          : [];
        for (const { database, unavailable } of failures)
          lines.push(`${database}: not reset: ${unavailable}`);
        printResult(json, { databases, reset: reset && failures.length === 0 }, lines.join('\n\n'));
        if ([...databases, ...failures].some(({ unavailable }) => unavailable !== null)) process.exitCode = 1;
      }),
    );
}

function describe({ database, queries, unavailable }: DatabaseCosts): string {
  if (unavailable !== null) return `${database}: ${unavailable}`;
  const header = [
    'share'.padStart(6),
    'mean ms'.padStart(9),
    'calls'.padStart(9),
    'rows'.padStart(10),
    ' hits',
    'query',
  ];
  return [database, header.join('  '), ...queries.map(row)].join('\n');
}

function row({ share, meanMs, calls, rows, cacheHits, query }: SlowQuery): string {
  const hits = cacheHits === null ? '-' : percent(cacheHits);
  return [
    percent(share).padStart(6),
    meanMs.toFixed(3).padStart(9),
    String(calls).padStart(9),
    String(rows).padStart(10),
    hits.padStart(5),
    query,
  ].join('  ');
}

const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
