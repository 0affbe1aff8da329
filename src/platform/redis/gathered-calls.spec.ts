import { describe, expect, it } from 'vitest';
import { GatheredCalls } from './gathered-calls.js';

/** Answers each number with its double; 13 is bad luck for the whole call. */
function begin(mostWeight = 24, weightOf?: (question: number) => number) {
  const calls: number[][] = [];
  const gathered = new GatheredCalls<number, number>({
    call: (questions) => {
      calls.push([...questions]);
      return questions.includes(13)
        ? Promise.reject(new Error('bad luck'))
        : Promise.resolve(questions.map((question) => question * 2));
    },
    mostWeight,
    ...(weightOf && { weightOf }),
  });
  const ask = (...questions: number[]) => Promise.all(questions.map((question) => gathered.ask(question)));
  return { calls, gathered, ask };
}

describe('GatheredCalls', () => {
  it('puts what is asked in one turn together, and gives each its own answer', async () => {
    const { calls, ask } = begin();
    expect(await ask(1, 2, 3)).toEqual([2, 4, 6]);
    expect(await ask(4)).toEqual([8]);
    expect(calls).toEqual([[1, 2, 3], [4]]);
  });

  it('lets many go before the turn is over, with all who ask by then', async () => {
    const { calls, ask } = begin();
    let isTurnOver = false;
    setImmediate(() => (isTurnOver = true));
    const asked = ask(...Array.from({ length: 9 }, (_, number) => number));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect([isTurnOver, calls.map((call) => call.length)]).toEqual([false, [9]]);
    expect(await asked).toHaveLength(9);
  });

  it('divides what is too much for one call, and lets what is too much by itself go alone', async () => {
    const { calls, ask } = begin(10, (weight) => weight);
    expect(await ask(4, 6, 1, 30, 9)).toEqual([8, 12, 2, 60, 18]);
    expect(calls).toEqual([[4, 6], [1], [30], [9]]);
  });

  it('tells all of a call of its failure, and nobody else', async () => {
    const { gathered } = begin(2);
    const answers = await Promise.allSettled([1, 13, 2, 3].map((question) => gathered.ask(question)));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });
});
