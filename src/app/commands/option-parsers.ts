import { InvalidArgumentError } from 'commander';
import { FULL_PACE, GENTLE_PACE, LEAST_PACE } from '../../ops/move-pace.js';
import { isId } from '../../platform/ids/ids.js';

/** Reads a whole number of this range. */
export function countParser(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d{1,9}$/.test(text) || count < least || count > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
    return count;
  };
}

const UNITS = { s: 1, m: 60, h: 3_600 } as const;

/** Reads a duration such as 90s, 15m or 2h. @returns seconds */
export function parseSeconds(text: string): number {
  const match = /^(\d{1,6})(s|m|h)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('expected a duration such as 90s, 15m or 2h');
  return Number(match[1]) * UNITS[(match[2] ?? 's') as keyof typeof UNITS];
}

const PACES = new Map([
  ['gentle', GENTLE_PACE],
  ['full', FULL_PACE],
]);

/** Reads the pace of a move: `gentle`, `full`, or a share of the time. */
export function parsePace(text: string): number {
  const pace = PACES.get(text) ?? (/^[01](\.\d{1,6})?$/.test(text) ? Number(text) : NaN);
  if (!(pace >= LEAST_PACE && pace <= FULL_PACE))
    throw new InvalidArgumentError(`expected gentle, full, or a share of the time from ${LEAST_PACE} to 1`);
  return pace;
}

export function parsePostId(text: string): string {
  if (!isId(text)) throw new InvalidArgumentError('expected the id of a post');
  return text;
}

export function parseMoveId(text: string): string {
  if (!isId(text)) throw new InvalidArgumentError('expected the id of a move');
  return text;
}
