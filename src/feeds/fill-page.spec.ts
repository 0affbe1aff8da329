import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillPage } from './fill-page.js';

/** A stream of numbers, of which some are hidden, read page by page to its end. */
async function readAll(length: number, hidden: ReadonlySet<number>, limit: number) {
  const stream = Array.from({ length }, (_, i) => i);
  const pages: number[][] = [];
  let start: number | undefined;
  do {
    const { entries, next } = await fillPage<number, number, number>({
      limit,
      start,
      skeleton: (after, size) => Promise.resolve(stream.slice((after ?? -1) + 1, (after ?? -1) + 1 + size)),
      positionOf: (entry) => entry,
      present: (found) => Promise.resolve(found.map((entry) => (hidden.has(entry) ? undefined : entry))),
    });
    pages.push(entries);
    start = next;
  } while (start !== undefined);
  return pages;
}

describe('fillPage', () => {
  it('shows every visible entry exactly once, in order, whatever is hidden', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 120 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 120 })),
        fc.integer({ min: 1, max: 20 }),
        async (length, hiddenOnes, limit) => {
          const hidden = new Set(hiddenOnes);
          const pages = await readAll(length, hidden, limit);
          const visible = Array.from({ length }, (_, i) => i).filter((entry) => !hidden.has(entry));
          expect(pages.flat()).toEqual(visible);
          expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  it('fills a page past hidden entries', async () => {
    const [first] = await readAll(100, new Set([0, 1, 2, 3, 4, 10, 11, 12]), 10);
    expect(first).toEqual([5, 6, 7, 8, 9, 13, 14, 15, 16, 17]);
  });

  it('serves a short page rather than search on for ever', async () => {
    const hidden = new Set(Array.from({ length: 1_000 }, (_, i) => i));
    const [first] = await readAll(1_001, hidden, 10);
    expect(first).toEqual([]);
  });
});
