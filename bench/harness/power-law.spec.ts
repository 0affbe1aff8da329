import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { powerLawGraph } from './power-law.js';

const graphOf = (users: number, followsPerUser: number, seed: number) => [
  ...powerLawGraph({ users, followsPerUser, seed }),
];

describe('powerLawGraph', () => {
  it('makes the same graph of the same seed, and another one of another', () => {
    expect(graphOf(500, 10, 7)).toEqual(graphOf(500, 10, 7));
    expect(graphOf(500, 10, 7)).not.toEqual(graphOf(500, 10, 8));
  });

  it('has exactly the follows asked for, none of oneself and none twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 2_000 }), fc.integer({ min: 1, max: 10 }), (users, mean) => {
        const graph = graphOf(users, mean, users);
        expect(graph.map(({ source }) => source)).toEqual([...graph.keys()]);
        expect(graph.reduce((sum, { targets }) => sum + targets.length, 0)).toBe(users * mean);
        for (const { source, targets } of graph) {
          expect(new Set(targets).size).toBe(targets.length);
          expect(targets).not.toContain(source);
          expect(targets.every((target) => target < users)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('has in-degrees with a power-law tail of about the exponent stated', () => {
    const followers = new Uint32Array(50_000);
    for (const { targets } of powerLawGraph({ users: 50_000, followsPerUser: 10, seed: 1 }))
      for (const target of targets) followers[target]!++;
    expect(tailExponent(followers, 30)).toBeCloseTo(2.276, 0);
    expect(Math.max(...followers)).toBeGreaterThan(5_000);
  });

  it('has some who follow very many, and nobody who follows nobody', () => {
    const follows = graphOf(20_000, 10, 1).map(({ targets }) => targets.length);
    expect(Math.max(...follows)).toBeGreaterThan(300);
    expect(Math.min(...follows)).toBeGreaterThan(0);
  });

  it('refuses more follows than there can be', () => {
    expect(() => graphOf(100, 50, 1)).toThrow(RangeError);
  });
});

/** The maximum-likelihood exponent of the degrees from `least` on (Clauset, Shalizi and Newman 2009, equation 3.7). */
function tailExponent(degrees: Uint32Array, least: number): number {
  const tail = degrees.filter((degree) => degree >= least);
  return 1 + tail.length / tail.reduce((sum, degree) => sum + Math.log(degree / (least - 0.5)), 0);
}
