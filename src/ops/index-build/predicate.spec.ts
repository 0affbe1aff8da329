import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../platform/http/problem.js';
import { parsePredicate, renderPredicate } from './predicate.js';

const render = (text: string) => renderPredicate(parsePredicate(text));

describe('the predicate of an index', () => {
  it.each([
    ['stream = 3', '"stream" = 3'],
    ['  STREAM=3 and kind<>-1 ', '"stream" = 3 AND "kind" <> -1'],
    ['a != 1.5 AND b >= 9223372036854775807', '"a" <> 1.5 AND "b" >= 9223372036854775807'],
    ['kind in (1,2, 3)', '"kind" IN (1, 2, 3)'],
    ["kind NOT IN ('a', TRUE)", `"kind" NOT IN ('a', TRUE)`],
    ['a is null and b is not null', '"a" IS NULL AND "b" IS NOT NULL'],
    ['"Odd ""name" < 1', '"Odd ""name" < 1'],
    [`a = 'it''s; DROP TABLE x --'`, `"a" = 'it''s; DROP TABLE x --'`],
    [`a = 'back\\slash'`, `"a" = E'back\\\\slash'`],
  ])('%s', (given, rendered) => {
    expect(render(given)).toBe(rendered);
  });

  it.each([
    '',
    ' ',
    'stream',
    'stream =',
    'stream = 3 AND',
    'stream = 3 OR kind = 1',
    'stream = 3; DROP TABLE activities',
    'stream = 3 -- and so on',
    'stream = 3 /* */',
    '(stream = 3)',
    'stream + 1 = 3',
    'stream = kind',
    'pg_sleep(10) = 1',
    'stream = (SELECT 1)',
    'stream IN ()',
    'stream IN (1',
    'stream IN (SELECT 1)',
    'stream IS 3',
    'stream NOT 3',
    'stream = 3::int',
    'stream = $1',
    `stream = 'open`,
    `stream = E'x'`,
    'stream = 0x10',
    'stream = 1e9',
    'stream = 3kind',
    '"" = 1',
    '"open = 1',
    'a\0 = 1',
    'stream = ３',
    '3 = stream',
    'stream == 3',
    'stream = - 3',
    `a = 1${' AND a = 1'.repeat(20)}`,
    `a IN (${Array<number>(101).fill(1).join()})`,
  ])('is refused: %j', (given) => {
    expect(() => render(given)).toThrow(Problem);
  });

  it('is either refused or comes back as it was rendered, whatever the text', () => {
    const piece = fc.constantFrom(
      'stream',
      '"a b"',
      '=',
      '<',
      'IN',
      '(',
      ')',
      ',',
      '1',
      "'x'",
      'AND',
      'IS',
      'NOT',
      'NULL',
      ';',
      '--',
      '$$',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((all) => all.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (given) => {
        let rendered: string;
        try {
          rendered = render(given);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          return;
        }
        expect(render(rendered)).toBe(rendered);
      }),
      { numRuns: 5_000, seed: 1 },
    );
  });
});
