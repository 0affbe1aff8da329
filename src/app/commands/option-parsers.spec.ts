import { describe, expect, it } from 'vitest';
import { parsePace } from './option-parsers.js';

describe('the pace of a move, as it is typed', () => {
  it.each([
    ['full', 1],
    ['1', 1],
    ['0.25', 0.25],
    ['0.01', 0.01],
  ])('may be %s', (text, pace) => expect(parsePace(text)).toBe(pace));

  it('may be gentle, which leaves the readers more than half', () => {
    expect(parsePace('gentle')).toBeGreaterThan(0);
    expect(parsePace('gentle')).toBeLessThan(0.5);
  });

  it.each(['0', '0.001', '1.01', 'slow', '-1', '.5', '1e-1', '', ' '])('is not %j', (text) =>
    expect(() => parsePace(text)).toThrow(/expected gentle, full, or a share of the time from 0.01 to 1/),
  );
});
