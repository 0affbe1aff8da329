import { Command } from 'commander';
import { ShardList, type ShardOverview, type ShardState } from '../../ops/shard-list.js';
import type { ConnectionBudget } from '../../ops/connection-budget.js';
import { printResult, withServices } from './operate.js';
import { countParser } from './option-parsers.js';

interface ListOptions {
  seconds: number;
  json?: boolean;
}

/** `shards list`. */
export function shardsListCommand(): Command {
  return new Command('list')
    .description('what each shard holds, how much is written to it, its connections, slots and health')
    .option('--seconds <count>', 'how long to watch what is written', countParser(1, 60), 2)
    .action(({ seconds, json }: ListOptions) =>
      withServices(async (services) => {
        const overview = await services.get(ShardList).overview(seconds);
        printResult(json, overview, describe(overview));
        if (overview.shards.some(({ unavailable }) => unavailable !== null)) process.exitCode = 1;
      }),
    );
}

function describe({ shards, servers, processes, warnings }: ShardOverview): string {
  return [
    ...shards.flatMap(describeShard),
    '',
    ...servers.map(describeServer),
    `${processes.length} processes serve${processes.length > 0 ? `: ${processes.map(({ name, roles }) => `${name} (${roles.join(', ')})`).join('; ')}` : ''}`,
    ...warnings.map((warning) => `Warning: ${warning}`),
  ].join('\n');
}

function describeShard(shard: ShardState): string[] {
  const { name, place, buckets, unavailable, slots, replicas, breakers, gate } = shard;
  const head = `${name}  ${place}  ${unavailable === null ? 'up' : `AWAY: ${unavailable}`}`;
  const health = [
    `${buckets.length} buckets`,
    ...(unavailable === null ? [holdings(shard)] : []),
    `gate ${gate}`,
    ...breakers.map(({ process, reason }) => `${process} sends it nothing (${reason})`),
  ];
  return [
    head,
    `  ${health.join(', ')}`,
    ...replicas.map(
      ({ name: replica, place: where, unreadable, lagBytes }) =>
        `  ${replica}  ${where}  ${unreadable ?? `is read, ${size(lagBytes ?? 0)} behind`}`,
    ),
    ...slots.map(
      ({ name: slot, kind, active, walStatus, retainedBytes }) =>
        `  slot ${slot}: ${kind}, ${active ? 'active' : 'NOT active'}, keeps ${size(retainedBytes ?? 0)} of WAL (${walStatus ?? 'nothing needed yet'})`,
    ),
  ];
}

function holdings(shard: ShardState): string {
  const foreign =
    shard.foreignPartitions! > 0
      ? `, ${shard.foreignPartitions} partitions of buckets that are not its own`
      : '';
  return (
    `about ${shard.rows!.toLocaleString('en')} rows in ${size(shard.bytes!)}${foreign}, ` +
    `${shard.writesPerSecond} rows written a second, ${shard.connections} connections`
  );
}

const describeServer = ({
  databases,
  allowed,
  taken,
  pools,
  perProcess,
  perShard,
}: ConnectionBudget): string =>
  `server of ${databases.join(', ')}: ${taken} connections taken of ${allowed}; the pools may take ${pools}, ` +
  `one more process ${perProcess} more, one more shard ${perShard} more`;

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1_024 ** step).toFixed(step > 0 ? 1 : 0)} ${units[step]}`;
}
