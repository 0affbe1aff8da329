import { describe, expect, it } from 'vitest';
import { PageQuery } from './page.dto.js';
import { Problem } from './problem.js';
import { validationPipe } from './validation.js';

const pipe = validationPipe();
const check = (query: unknown) => pipe.transform(query, { type: 'query', metatype: PageQuery });

describe('a query', () => {
  it('gets its defaults each time it comes, and is an instance of its DTO', async () => {
    for (let time = 0; time < 3; time++) {
      const query = (await check({})) as PageQuery;
      expect(query).toBeInstanceOf(PageQuery);
      expect(query).toEqual({ limit: 20 });
    }
  });

  it('is nobody else’s: what one request changes, the next does not see', async () => {
    const query = (await check({ limit: '7' })) as PageQuery;
    query.limit = 8;
    expect(await check({ limit: '7' })).toEqual({ limit: 7 });
  });

  it('is refused each time it comes when it is not valid', async () => {
    for (const bad of [{ limit: '0' }, { limit: '101' }, { unknown: 'x' }, { limit: ['7', '8'] }])
      for (let time = 0; time < 2; time++) await expect(check(bad)).rejects.toBeInstanceOf(Problem);
  });

  it('is told apart from others, however many there were', async () => {
    for (let limit = 1; limit <= 100; limit++)
      for (const cursor of ['a', 'b'])
        expect(await check({ limit: String(limit), cursor })).toEqual({ limit, cursor });
  });
});
