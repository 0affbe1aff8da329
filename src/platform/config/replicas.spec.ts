import { describe, expect, it } from 'vitest';
import { Config } from './config.js';

const configWith = (replicas: string) =>
  Config.from({
    DATABASE_URL: 'postgres://a/primary',
    ACTIVITY_SHARD_URLS: 'postgres://a/first,postgres://b/second',
    REDIS_URL: 'redis://a',
    JWT_SECRET: 'x'.repeat(32),
    ACTIVITY_REPLICA_URLS: replicas,
  });

describe('ACTIVITY_REPLICA_URLS', () => {
  it('names replicas by the number of their shard', () => {
    expect(configWith('').database.replicas).toEqual([]);
    expect(configWith('0=postgres://c/first, 1=postgres://u:p=q@d:1/second?a=b').database.replicas).toEqual([
      { shard: 0, url: 'postgres://c/first' },
      { shard: 1, url: 'postgres://u:p=q@d:1/second?a=b' },
    ]);
  });

  it.each(['postgres://c/first', '0=http://c/first', 'x=postgres://c/first', '0=postgres://c', '0='])(
    'is refused without a word of its value: %s',
    (malformed) => {
      expect(() => configWith(malformed)).toThrow(
        'ACTIVITY_REPLICA_URLS: each must be the number of a shard, =, and the Postgres URL of a replica of it',
      );
    },
  );
});
