import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type BuildView, IndexBuilds, type IndexRequest, type ShardFinding } from '../../ops/index-builds.js';
import { complain, operator, printResult, withServices } from './operate.js';
import { countParser, parseSeconds } from './option-parsers.js';

interface BuildIndexOptions {
  columns?: string[];
  include?: string[];
  unique?: boolean;
  where?: string;
  name?: string;
  drop?: string;
  concurrently?: boolean;
  shard?: number;
  parallel: number;
  reason?: string;
  timeout: number;
  reopenAfter: number;
  list?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const LOOK_EVERY_MS = 500;
const TELL_EVERY_MS = 5_000;

export function buildIndexCommand(): Command {
  return new Command('build-index')
    .summary('build or drop an index of the activities behind the gate')
    .description(
      'build an index of the activities on every shard, or drop one: closes the gate, waits until no row is being ' +
        'written, builds while reading goes on, and opens the gate. Shards that have it are left alone, so asking again ' +
        'goes on with what was cut off. Ctrl-C aborts: what is half built is dropped. Exits 1 unless every shard has it.',
    )
    .option(
      '--columns <list>',
      'its columns, separated by commas; desc behind a name for a descending one',
      parseList,
    )
    .option('--include <list>', 'columns that it only carries along', parseList)
    .option('--unique', 'it rejects duplicates; takes recipient_id among its columns')
    .option('--where <conditions>', 'which rows it holds, such as "stream = 3 AND kind IN (2, 3)"')
    .option('--name <name>', 'its name (default: one that follows from the definition)')
    .option('--drop <name>', 'drop the index of this name instead')
    .option('--concurrently', 'leave the gate open: takes longer, and waits for other transactions')
    .option('--shard <number>', 'on this shard alone', countParser(0, 999))
    .option('--parallel <shards>', 'how many shards at a time', countParser(1, 16), 2)
    .option('--reason <text>', 'why, for those who wonder about the closed gate')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for running jobs before giving up')
        .argParser(parseSeconds)
        .default(30, '30s'),
    )
    .addOption(
      new Option('--reopen-after <duration>', 'when the gate reopens should this process die')
        .argParser(parseSeconds)
        .default(60, '60s'),
    )
    .option('--list', 'only show the latest builds')
    .option('--dry-run', 'only say what would be done on each shard')
    .action(act);
}

function act({ list, dryRun, json, shard, timeout, ...options }: BuildIndexOptions): Promise<void> {
  return withServices(async (services) => {
    const builds = services.get(IndexBuilds);
    const request: IndexRequest = {
      ...options,
      ...(shard === undefined ? {} : { shards: [shard] }),
      by: operator(),
      timeoutMs: timeout * 1_000,
      reopenAfterSeconds: options.reopenAfter,
    };
    if (list) {
      const all = await builds.list();
      printResult(json, { builds: all }, all.map(describe).join('\n') || 'no index was built yet');
    } else if (dryRun) {
      const { findings } = await builds.plan(request);
      printResult(json, { shards: findings }, findings.map(describeFinding).join('\n'));
    } else {
      const build = await run(builds, request);
      printResult(json, build, describe(build));
      if (build.state !== 'done') process.exitCode = 1;
    }
  });
}

async function run(builds: IndexBuilds, request: IndexRequest): Promise<BuildView> {
  const { id, finished } = await builds.start(request);
  const abort = () => void builds.abort(id, request.by).catch((error: unknown) => complain(String(error)));
  process.on('SIGINT', abort).on('SIGTERM', abort);
  let over = false;
  const end = finished.then(() => (over = true));
  let told = { line: '', at: 0 };
  while (!over) {
    const view = await builds.find(id);
    const line = progressLine(view);
    if (phases(view) !== told.line || Date.now() - told.at > TELL_EVERY_MS) {
      complain(line);
      told = { line: phases(view), at: Date.now() };
    }
    await Promise.race([end, delay(LOOK_EVERY_MS)]);
  }
  process.off('SIGINT', abort).off('SIGTERM', abort);
  return builds.find(id);
}

const phases = ({ shards, gate }: BuildView): string =>
  [gate?.state, ...shards.map(({ state, progress }) => `${state} ${progress?.phase}`)].join();

function progressLine({ shards, gate, drainSeconds }: BuildView): string {
  const parts = shards.map(({ shard, state, progress }) => {
    if (!progress) return `shard-${shard}: ${state}`;
    const { phase, done, total, unit, partitionsDone, partitionsTotal } = progress;
    const share = total > 0 ? ` ${Math.floor((100 * done) / total)} % of ${total} ${unit}` : '';
    const partitions = partitionsTotal > 0 ? `, ${partitionsDone} of ${partitionsTotal} partitions` : '';
    return `shard-${shard}: ${phase}${share}${partitions}`;
  });
  const drain = drainSeconds === null ? '' : `, drained about ${drainSeconds} s after it opens`;
  const backlog = gate ? [`gate ${gate.state}, about ${gate.backlog.rows} rows wait${drain}`] : [];
  return [...parts, ...backlog].join(' | ');
}

function describe({ id, action, name, definition, state, detail, startedAt, shards }: BuildView): string {
  const has = (state: string) => state === 'done' || state === 'present';
  const lines = shards.map((one) => {
    const fate = one.state === 'present' ? 'had it already' : one.state;
    return `  shard-${one.shard}: ${fate}${one.detail ? `: ${one.detail}` : ''}`;
  });
  const without = shards.filter((one) => !has(one.state)).map(({ shard }) => `shard-${shard}`);
  const verdict =
    without.length > 0 ? [`  not ${action === 'build' ? 'built' : 'dropped'} on ${without.join(', ')}`] : [];
  return [
    `${action} ${id} of ${name} ${definition}`.trimEnd() +
      `, begun ${startedAt}: ${state}${detail ? `: ${detail}` : ''}`,
    ...lines,
    ...verdict,
  ].join('\n');
}

function describeFinding({ shard, finding, estimatedRows, statement }: ShardFinding): string {
  return `shard-${shard}: ${finding}, about ${estimatedRows} rows${statement ? `; would run ${statement}` : '; nothing to do'}`;
}

function parseList(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === '')) throw new InvalidArgumentError('expected names separated by commas');
  return items;
}
