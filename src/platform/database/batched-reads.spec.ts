import { describe, expect, it } from 'vitest';
import { BatchedReads } from './batched-reads.js';

interface Row {
  id: string;
}

/** A table of the ids 1 to 5,000, whose reads end when the test says so. */
function table() {
  const reads: { ids: readonly string[]; finish: (error?: Error) => void }[] = [];
  const rows = new BatchedReads<Row>(
    (ids) =>
      new Promise((resolve, reject) => {
        const found = ids.filter((id) => Number(id) <= 5_000).map((id) => ({ id }));
        reads.push({ ids, finish: (error) => (error ? reject(error) : resolve(found)) });
      }),
  );
  return { rows, reads };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('BatchedReads', () => {
  it('asks for what several callers want in one statement, each id once, and gives each caller their own', async () => {
    const { rows, reads } = table();
    const answers = Promise.all([rows.byIds(['1', '2']), rows.byIds(['2', '3']), rows.byIds(['9999', '1'])]);
    await turn();
    expect(reads.map(({ ids }) => ids)).toEqual([['1', '2', '3', '9999']]);
    reads[0]!.finish();
    expect((await answers).map((found) => [...found.keys()])).toEqual([['1', '2'], ['2', '3'], ['1']]);
  });

  it('asks nothing for nothing', async () => {
    const { rows, reads } = table();
    expect(await rows.byIds([])).toEqual(new Map());
    await turn();
    expect(reads).toEqual([]);
  });

  it('reads after it was asked, never from a statement that was under way', async () => {
    const { rows, reads } = table();
    const first = rows.byIds(['1']);
    await turn();
    const second = rows.byIds(['1']);
    await turn();
    expect(reads).toHaveLength(2);
    for (const read of reads) read.finish();
    expect([(await first).size, (await second).size]).toEqual([1, 1]);
  });

  it('runs two statements side by side and keeps the rest together for the next', async () => {
    const { rows, reads } = table();
    const answers: Promise<Map<string, Row>>[] = [];
    for (const id of ['1', '2', '3', '4']) {
      answers.push(rows.byIds([id]));
      await turn();
    }
    expect(reads.map(({ ids }) => ids)).toEqual([['1'], ['2']]);
    reads[0]!.finish();
    await answers[0];
    await turn();
    expect(reads[2]?.ids).toEqual(['3', '4']);
    for (const read of reads.slice(1)) read.finish();
    expect((await Promise.all(answers)).map((found) => found.size)).toEqual([1, 1, 1, 1]);
  });

  it('bounds a statement, but not below what one caller wants', async () => {
    const { rows, reads } = table();
    const answers = [rows.byIds(range(1, 600)), rows.byIds(range(601, 1_200)), rows.byIds(range(1, 3_000))];
    await turn();
    expect(reads.map(({ ids }) => ids.length)).toEqual([600, 600]);
    for (const read of reads) read.finish();
    await turn();
    expect(reads[2]?.ids).toHaveLength(3_000);
    reads[2]!.finish();
    expect((await Promise.all(answers)).map((found) => found.size)).toEqual([600, 600, 3_000]);
  });

  it('passes a failure to those who asked, and goes on', async () => {
    const { rows, reads } = table();
    const failing = Promise.all([rows.byIds(['1']), rows.byIds(['2'])]);
    await turn();
    reads[0]!.finish(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    const next = rows.byIds(['1']);
    await turn();
    reads[1]!.finish();
    expect((await next).size).toBe(1);
  });
});
