import { setTimeout as delay } from 'node:timers/promises';
import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { type Repair, type RepairOptions, Repairs } from '../../ops/repairs.js';
import { type Finding, RepairSurvey } from '../../ops/repair-survey.js';
import type { RemovedCount } from '../../activities/activity-removal.js';
import { type Id, isId } from '../../platform/ids/ids.js';
import { CommandError, complain, printResult, withServices } from './operate.js';
import { Progress } from './progress.js';

interface RepairCommandOptions {
  dryRun?: boolean;
  throttle?: number;
  shard?: number;
  abort?: boolean;
  restore?: Id;
  json?: boolean;
}

const POLL_MS = 250;
/** After so long without a step, in milliseconds, a person is told; and after so long the command gives up watching. */
const PATIENCE_MS = 30_000;
const WATCH_MS = 30 * 60_000;

export function repairActivitiesCommand(): Command {
  return new Command('repair-activities')
    .summary('remove duplicates and orphans from the activities, and bring their unique indexes back')
    .description(
      'for activities that lost their unique indexes, as after a legacy import. The workers remove what is wrong while posts keep ' +
        'coming in, then build the indexes behind the gate. Duplicates are feed rows that are the same in every column, and ' +
        'notifications of the same recipient, kind, subject and actor; the oldest stays. Orphans are rows whose recipient, actor ' +
        'or subject is gone. Every removed row is kept in activities_removed on its shard. One that is running is watched, one ' +
        'that failed is taken up where it failed. Exits 0 when the table is clean.',
    )
    .option('--dry-run', 'only say what would be removed; exits 1 when something would')
    .option('--throttle <rows>', 'look at so many rows a second at most, on each shard', parseCount)
    .option('--shard <number>', 'this shard alone', parseShard)
    .option('--abort', 'end the repair that is running; what it has removed stays removed, and kept')
    .option('--restore <repair>', 'put back what this repair took for orphans', parseId)
    .action((options: RepairCommandOptions) => {
      if (options.dryRun) return dryRun(options);
      if (options.abort) return abort(options);
      return options.restore === undefined ? repair(options) : restore(options.restore, options);
    });
}

function repair({ throttle, shard, json }: RepairCommandOptions): Promise<void> {
  return withServices(async (services) => {
    const repairs = services.get(Repairs);
    const options: RepairOptions = {
      by: `${userInfo().username} (command line)`,
      shard,
      rowsPerSecond: throttle,
    };
    const running = await repairs.running();
    if (running) complain(`repair ${running} is running already, as it was begun; this watches it`);
    const ended = await watch(repairs, running ?? (await repairs.start(options)));
    const removed = await repairs.removed(ended);
    printResult(json, { ...ended, removed }, describe(ended, removed));
    if (ended.state !== 'done') process.exitCode = 1;
  });
}

/** Shows how far a repair is, until it has ended. */
async function watch(repairs: Repairs, id: Id): Promise<Repair> {
  const progress = new Progress();
  try {
    let told = false;
    for (;;) {
      await delay(POLL_MS);
      const repair = (await repairs.find(id))!;
      if (repair.state !== 'running') return repair;
      const seen = sum(repair, 'rowsSeen');
      progress.update(phaseOf(repair), seen, Math.max(seen, sum(repair, 'rowsTotal')));
      const still = Date.now() - Math.max(...repair.shards.map(({ steppedAt }) => Date.parse(steppedAt)));
      if (still > WATCH_MS)
        throw new CommandError(`repair ${id} has not come further for ${WATCH_MS / 60_000} minutes`);
      if (still > PATIENCE_MS && !told) {
        told = true;
        complain(
          'no step for a while: a large index takes its time; without a worker, or with a closed gate, it waits',
        );
      }
    }
  } finally {
    progress.stop();
  }
}

function abort({ json }: RepairCommandOptions): Promise<void> {
  return withServices(async (services) => {
    const repairs = services.get(Repairs);
    const running = await repairs.running();
    if (!running) throw new CommandError('no repair is running');
    await repairs.abort(running);
    const aborted = (await repairs.find(running))!;
    printResult(json, aborted, `repair ${running} was ended`);
  });
}

function restore(id: Id, { json }: RepairCommandOptions): Promise<void> {
  return withServices(async (services) => {
    const repairs = services.get(Repairs);
    const progress = new Progress();
    const repair = await repairs.restore(id);
    const total = orphansIn(await repairs.removed(repair));
    try {
      const deadline = Date.now() + WATCH_MS;
      for (let left = total; left > 0; left = orphansIn(await repairs.removed(repair))) {
        progress.update('restoring', total - left, total);
        if (Date.now() > deadline)
          throw new CommandError(`${left} rows are still to be put back; the workers go on`);
        await delay(POLL_MS);
      }
    } finally {
      progress.stop();
    }
    printResult(json, { id, restored: total }, `${total} rows were put back`);
  });
}

const orphansIn = (removed: readonly RemovedCount[]): number =>
  removed.reduce((sum, { reason, rows }) => sum + (reason === 'orphan' ? rows : 0), 0);

function dryRun({ throttle, shard, json }: RepairCommandOptions): Promise<void> {
  return withServices(async (services) => {
    const progress = new Progress();
    const result = await services
      .get(RepairSurvey)
      .run({ shard, rowsPerSecond: throttle }, (seen, total) =>
        progress.update('rows', seen, Math.round(total)),
      )
      .finally(() => progress.stop());
    const { rows, findings, withoutKeys } = result;
    const missing = withoutKeys.map((number) => `shard ${number} is without its unique indexes`);
    const lines = [...findings.flatMap(explain), ...missing];
    const clean = `${rows} rows looked at; ${lines.length === 0 ? 'nothing is wrong' : 'this would be put right'}`;
    printResult(json, result, [...lines, clean].join('\n'));
    if (lines.length > 0) process.exitCode = 1;
  });
}

const explain = ({ examples, ...count }: Finding): string[] => [
  line(count),
  ...examples.map((example) => `  ${example}`),
];

function describe(repair: Repair, removed: readonly RemovedCount[]): string {
  const { id, state, shards } = repair;
  const errors = shards.flatMap(({ shard, error }) => (error === null ? [] : [`shard ${shard}: ${error}`]));
  const kept = removed.length > 0 ? `; each is kept in activities_removed under repair ${id}` : '';
  return [
    ...removed.map(line),
    ...errors,
    `repair ${id} is ${state}: ${removed.reduce((total, { rows }) => total + rows, 0)} rows removed${kept}`,
  ].join('\n');
}

const line = ({ reason, kind, rows }: RemovedCount): string => `${reason} ${kind}: ${rows}`;

const phaseOf = ({ shards }: Repair): string =>
  ['preparing', 'walking', 'finishing', 'cleaning'].find((phase) =>
    shards.some((part) => part.phase === phase && part.error === null),
  ) ?? 'waiting';

const sum = ({ shards }: Repair, what: 'rowsSeen' | 'rowsTotal'): number =>
  shards.reduce((total, part) => total + part[what], 0);

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 10_000_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 10,000,000');
  return count;
}

function parseId(text: string): Id {
  if (!isId(text)) throw new InvalidArgumentError('expected the id of a repair');
  return text;
}

function parseShard(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('expected the number of a shard, from 0');
  return Number(text);
}
