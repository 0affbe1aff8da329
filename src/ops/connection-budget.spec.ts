import { describe, expect, it } from 'vitest';
import { budgetWarnings, connectionBudget } from './connection-budget.js';

const POOLS = { primaryPool: 20, shardPool: 10 };
const server = (allowed: number, shards: string[], hasPrimary = true) => ({
  allowed,
  taken: 5,
  hasPrimary,
  shards,
});

describe('the connections that pools may take of a server', () => {
  it('are those of each process to each database on it', () => {
    expect(connectionBudget(server(97, ['shard-0', 'shard-1']), [POOLS, POOLS], POOLS)).toEqual({
      databases: ['primary', 'shard-0', 'shard-1'],
      allowed: 97,
      taken: 5,
      pools: 80,
      perProcess: 40,
      perShard: 20,
    });
    const alone = connectionBudget(server(97, ['shard-1'], false), [POOLS, POOLS], POOLS);
    expect(alone).toMatchObject({ databases: ['shard-1'], pools: 20, perProcess: 10, perShard: 20 });
  });

  it.each([
    [119, [/One more process/]],
    [100, [/One more process could take the server of primary, shard-0, shard-1 to 120 connections/]],
    [81, [/One more process .* 120/, /One more shard there .* 100/]],
    [79, [/The pools may take 80 connections .* allows 79/]],
  ])('are warned of before they are too many: %i allowed', (allowed, warnings) => {
    const budget = connectionBudget(server(allowed, ['shard-0', 'shard-1']), [POOLS, POOLS], POOLS);
    expect(budgetWarnings(budget)).toEqual(warnings.map((text) => expect.stringMatching(text)));
  });

  it('are enough without a warning', () => {
    expect(budgetWarnings(connectionBudget(server(120, ['a', 'b']), [POOLS, POOLS], POOLS))).toEqual([]);
  });
});
