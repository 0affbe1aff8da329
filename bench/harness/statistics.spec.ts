import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, pairedRatio, spread } from './statistics.js';

const figures = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([10, 9, 100])).toBe(10);
  });

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('leaves the values as they were', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('has at most half of the values on either side', () => {
    fc.assert(
      fc.property(figures, (values) => {
        const middle = median(values);
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('refuses an empty list', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('spread', () => {
  it('is half the range over the median', () => {
    expect(spread([90, 100, 110])).toBeCloseTo(0.1);
  });

  it('is zero for one round, and where the median is zero', () => {
    expect(spread([7])).toBe(0);
    expect(spread([0, 0, 5])).toBe(0);
  });
});

describe('pairedRatio', () => {
  it('compares round with round, so that a slow round does not count', () => {
    expect(pairedRatio([100, 10, 100], [200, 20, 200])).toBe(0.5);
  });

  it('refuses rounds without a partner', () => {
    expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  });
});
