import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Command } from 'commander';
import { type PlannedMove, ShardBalance } from '../../ops/shard-balance.js';
import { FULL_PACE, GENTLE_PACE } from '../../ops/move-pace.js';
import { type MoveView, ShardMoves, type StartedMove } from '../../ops/shard-moves.js';
import { BUCKET_COUNT } from '../../platform/database/buckets.js';
import { errorText } from '../../platform/error-text.js';
import { CommandError, complain, operator, printResult, withServices } from './operate.js';
import { countParser, parseMoveId, parsePace } from './option-parsers.js';
import { Progress } from './progress.js';

interface Json {
  json?: boolean;
}

interface Paced {
  pace: number;
}

const LOOK_EVERY_MS = 250;
/** How long to look on while nobody carries a move on: a worker takes it over within seconds. */
const ABANDONED_MS = 30_000;
const ENDS = ['moved', 'done', 'returned', 'aborted'];
const parseShard = countParser(0, 9_999);
const parseBucket = countParser(0, BUCKET_COUNT - 1);
const PACE = [
  '--pace <share>',
  `gentle (${GENTLE_PACE}), full (1), or in which share of the time to copy and compare, so that readers have the rest`,
  parsePace,
  GENTLE_PACE,
] as const;
const ABOUT_MOVES =
  'Copies the buckets by logical replication while everything runs, compares the copy, and hands them over within a ' +
  'second. The old shard follows until `finish`; until then `rollback` gives them back. Ctrl-C gives the move up; ' +
  'if the command is killed, a worker goes on with it.';

/** What there is for moves of buckets, under `shards`. */
export function moveCommands(): Command[] {
  return [
    moveCommand(),
    splitCommand(),
    rebalanceCommand(),
    actCommand('finish', 'drop the buckets of a move on their old shard; no rollback after that'),
    actCommand(
      'rollback',
      'give the buckets of a move back to their old shard, with all that was written since',
    ),
    actCommand('abort', 'give up a move that has not handed its buckets over, and clear it away'),
    actCommand('resume', 'go on with a move that was cut off, or that stands still because of an error'),
    listCommand(),
  ];
}

function moveCommand(): Command {
  return new Command('move')
    .summary('move buckets to another shard while everything runs')
    .description(`moves buckets of one shard to another. ${ABOUT_MOVES}`)
    .requiredOption(
      '--bucket <number>',
      'which; may be given several times',
      (text, all: number[]) => [...all, parseBucket(text)],
      [] as number[],
    )
    .requiredOption('--to <shard>', 'the number of the shard that gets them', parseShard)
    .option(...PACE)
    .action(({ bucket, to, pace, json }: Json & Paced & { bucket: number[]; to: number }) =>
      withServices(async (services) => {
        const started = await services.get(ShardMoves).start(bucket, to, operator(), pace);
        conclude(json, await carryOut(services, started));
      }),
    );
}

function splitCommand(): Command {
  return new Command('split')
    .summary('move half of a shard’s rows to another one')
    .description(`moves buckets with about half of the rows of a shard. ${ABOUT_MOVES}`)
    .requiredOption('--from <shard>', 'the number of the shard that is too full', parseShard)
    .requiredOption('--to <shard>', 'the number of the shard that gets them', parseShard)
    .option('--dry-run', 'only say which buckets would be moved')
    .option(...PACE)
    .action(
      ({ from, to, dryRun, pace, json }: Json & Paced & { from: number; to: number; dryRun?: boolean }) =>
        withServices(async (services) => {
          const plan = await services.get(ShardBalance).half(from, to);
          if (dryRun) {
            printResult(json, { moves: [plan] }, describePlan(plan));
            return;
          }
          const started = await services.get(ShardMoves).start(plan.buckets, to, operator(), pace);
          conclude(json, await carryOut(services, started));
        }),
    );
}

function rebalanceCommand(): Command {
  return new Command('rebalance')
    .summary('move buckets so that every shard holds about as many rows')
    .description(
      'plans the moves that even out rows over all shards and carries them out, one after the other; each stays to be ' +
        `finished or rolled back. ${ABOUT_MOVES}`,
    )
    .option('--dry-run', 'only print the moves')
    .option(...PACE)
    .action(({ dryRun, pace, json }: Json & Paced & { dryRun?: boolean }) =>
      withServices(async (services) => {
        const plan = await services.get(ShardBalance).plan();
        if (dryRun || plan.length === 0) {
          printResult(json, { moves: plan }, plan.map(describePlan).join('\n') || 'nothing to move');
          return;
        }
        const moves: MoveView[] = [];
        for (const { buckets, target } of plan) {
          const started = await services.get(ShardMoves).start(buckets, target, operator(), pace);
          const move = await carryOut(services, started);
          moves.push(move);
          if (move.state === 'moved') continue;
          process.exitCode = 1;
          break;
        }
        printResult(json, { moves }, moves.map(describe).join('\n'));
      }),
    );
}

function actCommand(verb: 'finish' | 'rollback' | 'abort' | 'resume', description: string): Command {
  return new Command(verb)
    .description(description)
    .argument('[move]', 'its id; not needed when only one move is not over', parseMoveId)
    .action((id: string | undefined, { json }: Json) =>
      withServices(async (services) => {
        const moves = services.get(ShardMoves);
        conclude(json, await carryOut(services, await moves[verb](id ?? (await onlyMove(moves)))), verb);
      }),
    );
}

function listCommand(): Command {
  return new Command('moves').description('the newest moves and how far they are').action(({ json }: Json) =>
    withServices(async (services) => {
      const moves = await services.get(ShardMoves).list();
      printResult(json, { moves }, moves.map(describe).join('\n') || 'nothing was moved yet');
    }),
  );
}

async function onlyMove(moves: ShardMoves): Promise<string> {
  const open = (await moves.list()).filter(({ state }) => !['done', 'returned', 'aborted'].includes(state));
  if (open.length === 1) return open[0]!.id;
  if (open.length === 0) throw new CommandError('no move of buckets is open');
  throw new CommandError(`several moves are open: say which of ${open.map(({ id }) => id).join(', ')}`);
}

/** Shows a move's progress until it rests, is over or stands still. Ctrl-C gives it up. */
async function carryOut(services: INestApplicationContext, { id }: StartedMove): Promise<MoveView> {
  const moves = services.get(ShardMoves);
  const abort = () => void moves.abort(id).catch((error: unknown) => complain(`sluice: ${errorText(error)}`));
  process.on('SIGINT', abort);
  const progress = new Progress();
  let told = '';
  let abandonedAt = Date.now() + ABANDONED_MS;
  try {
    for (;;) {
      const move = await moves.find(id);
      if (move.state !== told) complain(`${id}: ${(told = move.state)}`);
      if (ENDS.includes(move.state) || move.error !== null) return move;
      if (move.carriedOn) abandonedAt = Date.now() + ABANDONED_MS;
      else if (Date.now() > abandonedAt)
        throw new CommandError(`nobody carries the move ${id} on: start a worker, or run \`shards resume\``);
      const { rowsTotal, rowsCopied, rowsCompared } = move;
      if (move.state === 'copying') progress.update('rows copied', rowsCopied ?? 0, rowsTotal ?? 0);
      else if (move.state === 'comparing')
        progress.update('rows compared', rowsCompared ?? 0, rowsTotal ?? 0);
      else progress.stop();
      await delay(LOOK_EVERY_MS);
    }
  } finally {
    progress.stop();
    process.off('SIGINT', abort);
  }
}

const GOALS = { move: 'moved', finish: 'done', rollback: 'returned', abort: 'aborted' } as const;

function conclude(json: boolean | undefined, move: MoveView, verb: keyof typeof GOALS | 'resume' = 'move') {
  printResult(json, move, describe(move));
  if (move.error !== null || (verb !== 'resume' && move.state !== GOALS[verb])) process.exitCode = 1;
}

function describe(move: MoveView): string {
  const { id, source, target, buckets, pace, state, error, startedAt } = move;
  const facts = [
    ...(pace < FULL_PACE ? [`pace ${pace}`] : []),
    `${move.rowsCopied ?? 0} of about ${move.rowsTotal ?? 0} rows copied`,
    ...(move.rowsCompared === null ? [] : [`${move.rowsCompared} compared`]),
    ...(move.lagBytes === null ? [] : [`${move.lagBytes} bytes behind`]),
    ...(move.secondsLeft === null ? [] : [`about ${move.secondsLeft} s left`]),
    ...(move.writePauseMs === null ? [] : [`no writes for ${move.writePauseMs} ms`]),
  ];
  return [
    `${id}: ${buckets.length} buckets (${buckets.join(', ')}) from shard-${source} to shard-${target}, begun ${startedAt}: ${state}`,
    `  ${facts.join(', ')}`,
    ...(error === null ? [] : [`  stands still: ${error}`]),
  ].join('\n');
}

const describePlan = ({ source, target, buckets, rows }: PlannedMove): string =>
  `shard-${source} to shard-${target}: buckets ${buckets.join(', ')}, about ${rows} rows`;
