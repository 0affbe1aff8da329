import { cpus } from 'node:os';
import type { RebuildCertificate } from '../../src/relationships/mirror-rebuild.js';
import { type Report, type Series, single } from '../harness/benchmark.js';
import type { FilledGraph } from '../harness/graph-data.js';
import { median, pairedRatio } from '../harness/statistics.js';
import type { TrafficCount } from './traffic-main.js';

/** One rebuild, and what lookups were like before and during it. */
export interface Rebuilt extends RebuildCertificate {
  before: TrafficCount;
  during: TrafficCount;
  /** How many processors were at work meanwhile, whoever used them. */
  busyCores: number;
  writesPerSecond: number;
  failed: number;
}

/** What was measured, an entry for each round. */
export interface Rounds {
  loader: string;
  ready: number[];
  idle: Rebuilt[];
  busy: Rebuilt[];
  /** By turns. */
  gentle: Rebuilt[];
  /** By turns, and held to a pace; in the last round alone. */
  held: Rebuilt[];
  /** How fast the loader takes the same sets as dumps, ready for RESTORE; in the first round alone. */
  dumps: number[];
  /** What lookups were like while the ready sets were loaded. */
  besideReady: TrafficCount[];
  /** What lookups were like while all processors only computed. */
  besideComputing: TrafficCount[];
  /** The command that held Redis up for longest meanwhile, in milliseconds. */
  readySlowestMs: number[];
}

/** How much of each goes on, a second: relationship writes, and lookups. */
interface Pace {
  writes: number;
  lookups: number;
}

/** What a benchmark of rebuilding says. */
export function report({ users, follows }: FilledGraph, rounds: Rounds, pace: Pace): Report {
  const { loader, ready, idle, busy, gentle, held, dumps, besideReady, readySlowestMs } = rounds;
  const rates = idle.map(rate);
  const sum = (key: 'mismatches' | 'failed') =>
    [...idle, ...busy, ...gentle, ...held].reduce((all, one) => all + one[key], 0);
  return {
    headline: series('edgesPerSecond', 'rebuild, nobody writing', '1/s', rates),
    limit: series('readyEdgesPerSecond', `${loader} of the sets alone`, '1/s', ready),
    ratio: pairedRatio(rates, ready),
    others: [
      series('busyEdgesPerSecond', `rebuild under ${pace.writes} writes/s`, '1/s', busy.map(rate)),
      series(
        'writesPerSecond',
        'writes meanwhile',
        '1/s',
        busy.map((one) => one.writesPerSecond),
      ),
      single('mismatches', 'mismatches', '', sum('mismatches')),
      single('failed', 'lookups and writes that failed meanwhile', '', sum('failed')),
      single('p99Worse', 'p99 of lookups, during / before', '', worse(idle)),
      single('busyP99Worse', 'the same under writes', '', worse(busy)),
      series('p99BeforeMs', 'p99 of lookups before', 'ms', idle.map(p99('before'))),
      series('p99DuringMs', 'p99 of lookups during a rebuild', 'ms', idle.map(p99('during'))),
      series('busyP99BeforeMs', 'p99 under writes before', 'ms', busy.map(p99('before'))),
      series('busyP99DuringMs', 'p99 under writes during a rebuild', 'ms', busy.map(p99('during'))),
      series(
        'readyP99Ms',
        `p99 of lookups while ${loader} loads the sets`,
        'ms',
        besideReady.map(({ p99Ms }) => p99Ms),
      ),
      series(
        'computingP99Ms',
        `p99 of lookups beside ${cpus().length} programs that only compute`,
        'ms',
        rounds.besideComputing.map(({ p99Ms }) => p99Ms),
      ),
      series('readySlowestMs', 'slowest command of Redis meanwhile, at most', 'ms', readySlowestMs),
      ...byTurns(rounds),
      series('dumpsEdgesPerSecond', `${loader} of the sets as dumps`, '1/s', dumps),
      series(
        'busyCores',
        `of ${cpus().length} cores at work during a rebuild`,
        'cores',
        idle.map((one) => one.busyCores),
      ),
      series(
        'slowestMs',
        'slowest command of Redis during a rebuild, at most',
        'ms',
        slowest([...idle, ...busy]),
      ),
      single('seconds', 'a rebuild', 's', median(idle.map((one) => one.seconds))),
    ],
    data:
      `${users.toLocaleString('en')} users, ${follows.toLocaleString('en')} follows; ` +
      `${pace.lookups} lookups/s from a process of their own`,
  };
}

function byTurns({ loader, ready, gentle, held }: Rounds): Series[] {
  return [
    series('gentleEdgesPerSecond', 'rebuild by turns (gentle)', '1/s', gentle.map(rate)),
    single('gentleRatio', `the same / ${loader}`, '', pairedRatio(gentle.map(rate), ready)),
    single('gentleP99Worse', 'p99 of lookups, during / before', '', worse(gentle)),
    series('gentleP99DuringMs', 'p99 of lookups meanwhile', 'ms', gentle.map(p99('during'))),
    series('gentleSlowestMs', 'slowest command of Redis meanwhile, at most', 'ms', slowest(gentle)),
    series('heldEdgesPerSecond', 'rebuild by turns, held down', '1/s', held.map(rate)),
    single('heldP99Worse', 'p99 of lookups, during / before', '', worse(held)),
    series('heldP99DuringMs', 'p99 of lookups meanwhile', 'ms', held.map(p99('during'))),
  ];
}

const rate = ({ edges, seconds }: Rebuilt): number => edges / seconds;
const p99 = (when: 'before' | 'during') => (one: Rebuilt) => one[when].p99Ms;
const worse = (all: Rebuilt[]): number => pairedRatio(all.map(p99('during')), all.map(p99('before')));
const slowest = (all: Rebuilt[]): number[] => all.flatMap((one) => one.slowest?.atMostMs ?? []);

function series(name: string, label: string, unit: string, values: number[]): Series {
  return { name, label, unit, values };
}
