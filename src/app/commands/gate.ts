import { Command, Option } from 'commander';
import { Gate, type GateStatus } from '../../fanout/gate.js';
import { operator, printResult, withServices } from './operate.js';
import { parseSeconds } from './option-parsers.js';

interface CloseOptions {
  reason: string;
  reopenAfter: number;
  timeout: number;
  json?: boolean;
}

export function gateCommand(): Command {
  return new Command('gate')
    .description(
      'the valve before the activities: while it is closed, no feed row is written and delivery waits',
    )
    .addCommand(
      new Command('status')
        .description('whether it is open, and what waits behind it')
        .action(({ json }: { json?: boolean }) => show(json, (gate) => gate.status())),
    )
    .addCommand(
      new Command('close')
        .description('close it, and return once no row is being written any more')
        .requiredOption('--reason <text>', 'why, for those who wonder')
        .addOption(
          new Option('--reopen-after <duration>', 'when it reopens by itself: 90s, 15m, 2h')
            .argParser(parseSeconds)
            .default(900, '15m'),
        )
        .addOption(
          new Option('--timeout <duration>', 'how long to wait for running jobs before it opens again')
            .argParser(parseSeconds)
            .default(30, '30s'),
        )
        .action(({ reason, reopenAfter, timeout, json }: CloseOptions) =>
          show(json, (gate) =>
            gate.close({
              reason,
              by: operator(),
              reopenAfterSeconds: reopenAfter,
              timeoutMs: timeout * 1_000,
            }),
          ),
        ),
    )
    .addCommand(
      new Command('open')
        .description('open it; the backlog runs off')
        .action(({ json }: { json?: boolean }) => show(json, (gate) => gate.open(operator()))),
    );
}

function show(json: boolean | undefined, act: (gate: Gate) => Promise<GateStatus>): Promise<void> {
  return withServices(async (services) => {
    const status = await act(services.get(Gate));
    printResult(json, status, describe(status));
  });
}

function describe(status: GateStatus): string {
  const { state, reason, closedBy, closedAt, reopensAt, waiting, active, oldestWaitingSeconds } = status;
  const why =
    state === 'open'
      ? ''
      : ` since ${closedAt} by ${closedBy} (${reason}); reopens ${reopensAt ?? 'when told to'}`;
  const backlog =
    waiting > 0
      ? `${waiting} jobs wait, the oldest for ${Math.round(oldestWaitingSeconds)} s`
      : 'nothing waits';
  return `The gate is ${state}${why}. ${backlog}; ${active} running.`;
}
