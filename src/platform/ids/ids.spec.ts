import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareIds, firstIdAt, ID_EPOCH_MS, isId, timeOfId } from './ids.js';

describe('ids', () => {
  it('accepts exactly the positive 64-bit decimals', () => {
    for (const good of ['1', '9223372036854775807']) expect(isId(good)).toBe(true);
    for (const bad of ['', '0', '-1', '01', '1.5', ' 1', '1\n', '9223372036854775808', 'x', 7, null, '٣']) {
      expect(isId(bad)).toBe(false);
    }
  });

  it('carries the millisecond at which it was drawn', () => {
    const moment = new Date('2026-01-02T03:04:05.678Z');
    expect(timeOfId(firstIdAt(moment))).toEqual(moment);
  });

  it('tells the millisecond of every id, large and small, exactly', () => {
    const id = fc.oneof(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), fc.bigInt({ min: 1n, max: 2n ** 32n }));
    fc.assert(
      fc.property(id, (value) => {
        expect(timeOfId(value.toString()).getTime()).toBe(Number(value >> 22n) + ID_EPOCH_MS);
      }),
    );
  });

  it('orders like the numbers', () => {
    const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(Math.sign(compareIds(a.toString(), b.toString()))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });
});
