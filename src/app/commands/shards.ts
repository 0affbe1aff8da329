import { Command } from 'commander';
import { ShardAdditions } from '../../ops/shard-additions.js';
import { moveCommands } from './shard-moves.js';
import { operator, printResult, withServices } from './operate.js';
import { shardsListCommand } from './shards-list.js';

export function shardsCommand(): Command {
  const group = new Command('shards').description(
    'the databases of activities: what they hold, adding one, moving buckets between them',
  );
  for (const command of [shardsListCommand(), addCommand(), ...moveCommands()]) group.addCommand(command);
  return group;
}

interface AddOptions {
  direct?: string;
  json?: boolean;
}

function addCommand(): Command {
  return new Command('add')
    .summary('prepare an empty database and put it on the map, without buckets')
    .description(
      'prepares an empty database as a shard and puts it on the map, without buckets: checks version, wal_level, rights, ' +
        'free replication slots, and that it and the other shards reach each other; makes the tables and indexes. Every ' +
        'running process follows within a second. Move buckets there afterwards.',
    )
    .argument(
      '[url]',
      'postgres://user:password@host:port/database, as processes and the other shards reach it; left out: a new ' +
        'database on the server of the newest shard, as for an embedded stack',
    )
    .option('--direct <url>', 'the same database past a pooler, if one stands at the URL')
    .action((url: string | undefined, { direct, json }: AddOptions) =>
      withServices(async (services) => {
        const additions = services.get(ShardAdditions);
        const place = url === undefined ? await additions.makeDatabase() : { url, directUrl: direct };
        const added = await additions.add({ ...place, by: operator() });
        printResult(json, added, `${added.name} (${added.place}) is on the map, without buckets`);
      }),
    );
}
