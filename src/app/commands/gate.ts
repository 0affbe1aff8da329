import { userInfo } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Gate } from '../../fanout/gate.js';
import type { GateStatus } from '../../fanout/gate-status.js';
import type { PastClosing } from '../../fanout/gate-store.js';
import { MAX_ID } from '../../platform/ids/ids.js';
import { printResult, withServices } from './operate.js';

interface GateOptions {
  shard?: number;
  json?: boolean;
}

interface CloseOptions extends GateOptions {
  reason: string;
  reopenAfter: number;
  timeout: number;
}

export function gateCommand(): Command {
  return new Command('gate')
    .description(
      'the valve before the activities: while it is closed, no feed row is written and delivery waits',
    )
    .addCommand(
      new Command('status')
        .description('whether it is open, what waits behind it, and where that leads')
        .addOption(shardOption())
        .action(({ shard, json }: GateOptions) => show(json, (gate) => gate.status(shard))),
    )
    .addCommand(closeCommand())
    .addCommand(
      new Command('open')
        .description('open it; the backlog runs off')
        .addOption(shardOption())
        .action(({ shard, json }: GateOptions) => show(json, (gate) => gate.open(operator(), { shard }))),
    )
    .addCommand(
      new Command('history')
        .description('who closed it and why, for how long, and how much waited in the end')
        .addOption(
          new Option('--limit <n>', 'how many closings, the latest first').argParser(parseLimit).default(20),
        )
        .action(({ limit, json }: { limit: number; json?: boolean }) =>
          withServices(async (services) => {
            const closings = await services.get(Gate).history(MAX_ID, limit);
            const lines = closings.map(describeClosing);
            printResult(json, { closings }, lines.join('\n') || 'It has never been closed.');
          }),
        ),
    );
}

function closeCommand(): Command {
  return new Command('close')
    .description('close it, and return once no row is being written any more')
    .requiredOption('--reason <text>', 'why, for those who wonder')
    .addOption(
      new Option('--reopen-after <duration>', 'when it reopens by itself: 90s, 15m, 2h')
        .argParser(parseSeconds)
        .default(900, '15m'),
    )
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for those who are writing before it opens again')
        .argParser(parseSeconds)
        .default(30, '30s'),
    )
    .addOption(shardOption())
    .action(({ reason, reopenAfter, timeout, shard, json }: CloseOptions) =>
      show(json, async (gate) => {
        const options = { reason, by: operator(), shard, reopenAfterSeconds: reopenAfter };
        return (await gate.close({ ...options, timeoutMs: timeout * 1_000 })).status;
      }),
    );
}

const shardOption = (): Option =>
  new Option('--shard <number>', 'of this shard alone, instead of all').argParser(parseShard);

function show(json: boolean | undefined, act: (gate: Gate) => Promise<GateStatus>): Promise<void> {
  return withServices(async (services) => {
    const status = await act(services.get(Gate));
    printResult(json, status, describe(status));
  });
}

function describe(status: GateStatus): string {
  const gates = [
    { ...status, name: 'The gate' },
    ...status.shards.map((gate) => ({ ...gate, name: `The gate of shard ${gate.shard}` })),
  ].map(({ name, state, closedAt, closedBy, reason, reopensAt }) =>
    state === 'open'
      ? `${name} is open.`
      : `${name} is ${state} since ${closedAt} by ${closedBy} (${reason}); reopens ${reopensAt ?? 'when told to'}.`,
  );
  return [...gates, describeBacklog(status)].join('\n');
}

function describeBacklog({ waiting, active, oldestWaitingSeconds, backlog }: GateStatus): string {
  const { intents, rows, growthPerMinute, redisUsedBytes, redisMaxBytes } = backlog;
  const { redisFullInSeconds, drainedInSeconds } = backlog;
  const mebibytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MiB`;
  const lines = [
    intents === 0
      ? 'Nothing waits'
      : `${intents} intents wait (about ${rows} rows), the oldest for ${Math.round(oldestWaitingSeconds)} s`,
    `${waiting ?? 'unknown'} jobs in the queue, ${active ?? 'unknown'} running`,
    growthPerMinute === null ? undefined : `growth ${growthPerMinute} rows a minute`,
    redisUsedBytes === null
      ? "the queue's Redis does not answer"
      : `Redis uses ${mebibytes(redisUsedBytes)} of ${redisMaxBytes === null ? 'no limit' : mebibytes(redisMaxBytes)}`,
    redisFullInSeconds === null ? undefined : `full in ${redisFullInSeconds} s`,
    drainedInSeconds === null || drainedInSeconds === 0
      ? undefined
      : `drained in about ${drainedInSeconds} s`,
  ];
  return `${lines.filter((line) => line !== undefined).join('; ')}.`;
}

function describeClosing(closing: PastClosing): string {
  const { shard, reason, closedBy, closedAt, openedAt, openedBy, opening } = closing;
  const which = shard === null ? 'all shards' : `shard ${shard}`;
  const closed = `${closedAt}  ${which}  closed by ${closedBy} (${reason})`;
  if (openedAt === null) return `${closed}, and not opened yet`;
  const seconds = Math.round((Date.parse(openedAt) - Date.parse(closedAt)) / 1_000);
  const how = {
    told: `by ${openedBy}`,
    deadline: 'by its deadline',
    timeout: 'because it did not become quiet',
  };
  const waited = `${closing.jobsWaiting ?? 'unknown'} jobs and ${closing.intentsWaiting} intents waited`;
  return `${closed}, opened after ${seconds} s ${how[opening!]}; ${waited}`;
}

const operator = (): string => `${userInfo().username} (command line)`;

const UNITS = { s: 1, m: 60, h: 3_600 } as const;

function parseSeconds(text: string): number {
  const match = /^(\d{1,6})(s|m|h)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('expected a duration such as 90s, 15m or 2h');
  return Number(match[1]) * UNITS[(match[2] ?? 's') as keyof typeof UNITS];
}

function parseShard(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('expected the number of a shard, from 0 on');
  return Number(text);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 1000');
  return limit;
}
