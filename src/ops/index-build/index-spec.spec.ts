import { describe, expect, it } from 'vitest';
import { Problem } from '../../platform/http/problem.js';
import { type IndexWish, renderDefinition, toSpec } from './index-spec.js';

const spec = (wish: Partial<IndexWish>) => toSpec({ columns: ['recipient_id'], ...wish }, 'activities');

describe('an index as it is asked for', () => {
  it('becomes a definition with quoted names', () => {
    const wish = {
      columns: ['recipient_id', ' entry_id  DESC ', 'kind asc'],
      include: ['actor_id'],
      where: 'stream = 3',
    };
    expect(renderDefinition(spec(wish))).toBe(
      '("recipient_id", "entry_id" DESC, "kind") INCLUDE ("actor_id") WHERE "stream" = 3',
    );
    expect(renderDefinition(spec({ columns: ['x");DROP'] }))).toBe('("x"");DROP")');
  });

  it('is called the same when it is the same, and differently when it is not', () => {
    const names = [{}, { unique: true }, { include: ['kind'] }, { where: 'kind = 1' }, { columns: ['kind'] }];
    const given = names.map((wish) => spec(wish).name);
    expect(new Set(given).size).toBe(names.length);
    expect(names.map((wish) => spec(wish).name)).toEqual(given);
    expect(given[0]).toMatch(/^activities_ix_[0-9a-f]{10}$/);
  });

  it.each<Partial<IndexWish>>([
    { columns: [] },
    { columns: ['a desc desc'] },
    { columns: ['a b'] },
    { columns: ['a; DROP'] },
    { columns: [''] },
    { columns: ['kind', 'kind desc'] },
    { columns: ['kind'], include: ['kind'] },
    { columns: ['entry_id', 'kind'], unique: true },
    { columns: Array.from({ length: 17 }, (_, number) => `c${number}`) },
    { name: '' },
    { name: 'Upper' },
    { name: 'a b' },
    { name: 'x"; DROP TABLE activities; --' },
    { name: 'pg_catalog.x' },
    { name: 'n'.repeat(49) },
    { name: '1st' },
  ])('is refused: %j', (wish) => {
    expect(() => spec(wish)).toThrow(Problem);
  });
});
