import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FollowedIds } from './followed-ids.js';

const ids = fc.uniqueArray(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String), { maxLength: 50 });

describe('FollowedIds', () => {
  it('has exactly the ids that it was given, in whatever order', () => {
    fc.assert(
      fc.property(ids, ids, (given, others) => {
        const followed = new FollowedIds(given);
        for (const id of [...given, ...others]) expect(followed.has(BigInt(id))).toBe(given.includes(id));
      }),
    );
  });

  it('has nobody when it was given nobody', () => {
    expect(new FollowedIds([]).has(1n)).toBe(false);
  });
});
