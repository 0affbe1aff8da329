import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareIds } from '../platform/ids/ids.js';
import { newest } from './newest.js';

const list = fc
  .uniqueArray(fc.integer({ min: 1, max: 40 }).map(String), { maxLength: 12 })
  .map((ids) => ids.sort((a, b) => compareIds(b, a)));

describe('newest', () => {
  it('has the largest ids of all lists in descending order, each once and from the first list that has it', () => {
    fc.assert(
      fc.property(fc.array(list, { maxLength: 4 }), fc.integer({ min: 0, max: 30 }), (lists, limit) => {
        const entries = lists.map((ids, place) => ids.map((id) => ({ id, place })));
        const ids = [...new Set(lists.flat())].sort((a, b) => compareIds(b, a)).slice(0, limit);
        const expected = ids.map((id) => ({ id, place: lists.findIndex((given) => given.includes(id)) }));
        expect(newest(entries, (entry) => entry.id, limit)).toEqual(expected);
      }),
    );
  });
});
