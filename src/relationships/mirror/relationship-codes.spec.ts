import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCKS_ME, RelationshipCodes } from './relationship-codes.js';

const ids = fc.uniqueArray(fc.bigInt({ min: 10n, max: 2n ** 63n - 1n }).map(String), { maxLength: 60 });

const byValue = (a: string, b: string) => (BigInt(a) < BigInt(b) ? -1 : 1);

describe('RelationshipCodes', () => {
  it('tell how somebody stands to each, and that they stand to nobody else', () => {
    fc.assert(
      fc.property(ids, fc.nat(), (drawn, seed) => {
        const some = (part: number) => drawn.filter((_, index) => (index * 7 + seed) % 6 === part);
        const [friends, noise, blocks, mutes, both] = [some(0), some(1), some(2), some(3), some(4)];
        const codes = new RelationshipCodes({
          following: [...friends, ...noise, ...both],
          noise,
          blocks,
          mutes,
          blockers: [...both, ...some(5), ...blocks],
        });
        const all = (of: readonly string[]) => of.map((id) => codes.codeOf(BigInt(id)));
        expect(all(friends)).toEqual(friends.map(() => 1));
        expect(all(noise)).toEqual(noise.map(() => 2));
        expect(all(blocks)).toEqual(blocks.map(() => 3 + BLOCKS_ME));
        expect(all(mutes)).toEqual(mutes.map(() => 4));
        expect(all(both)).toEqual(both.map(() => 1 + BLOCKS_ME));
        expect(all(some(5))).toEqual(some(5).map(() => BLOCKS_ME));
        expect(codes.codeOf(0n)).toBe(0);
        const asked = drawn.filter((_, index) => index % 3 > 0);
        const keys = BigInt64Array.from(['5', ...asked], BigInt).sort();
        const followed = (kind: 'friend' | 'noise') =>
          codes.placesFollowed(kind, keys).map((place) => String(keys[place]));
        const among = (of: readonly string[]) => asked.filter((id) => of.includes(id)).sort(byValue);
        expect(followed('friend')).toEqual(among([...friends, ...both]));
        expect(followed('noise')).toEqual(among(noise));
      }),
    );
  });
});
