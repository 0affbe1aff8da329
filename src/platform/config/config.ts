import { createSecretKey, type KeyObject } from 'node:crypto';
import { ConfigError, type Environment, readEnvironment } from './environment.js';

export type Role = 'http' | 'worker';

/**
 * The typed configuration of a process: every module reads its settings from here and none from the environment.
 * Durations are in the unit that their name ends with.
 */
export class Config {
  readonly roles: readonly Role[];
  readonly http: {
    port: number;
    host: string;
    /** Addresses of proxies whose `X-Forwarded-For` is believed. */
    trustProxy: string[];
    corsOrigins: string[];
    publicUrl: string | undefined;
    bodyLimitBytes: number;
    requestTimeoutMs: number;
    requestsPerMinute: number;
    metricsToken: string | undefined;
  };
  readonly database: {
    primaryUrl: string;
    shardUrls: string[];
    /** Where each shard is reached past a pooler; empty when there is none before them. */
    shardDirectUrls: string[];
    primaryPoolSize: number;
    shardPoolSize: number;
    statementTimeoutMs: number;
    poolTimeoutMs: number;
    preparedStatements: boolean;
  };
  readonly redis: { graphUrl: string; queueUrl: string; prefix: string; timeoutMs: number };
  readonly auth: {
    secret: KeyObject;
    accessTokenSeconds: number;
    refreshTokenSeconds: number;
    loginAttempts: number;
    loginWindowSeconds: number;
    signupsPerHour: number;
  };
  readonly relationships: {
    autoFollow: string | undefined;
    mostFollows: number;
    auditUsersPerSecond: number;
  };
  readonly feeds: {
    /** How many of an author's posts a new follower gets. */
    backfillPosts: number;
    /** From how many followers on an author's posts are merged into feeds when these are read. */
    pullAudience: number;
    /** After how long without a read nothing is written for somebody any more. */
    dormantAfterSeconds: number;
  };
  readonly fanout: { chunkSize: number; concurrency: number };
  readonly outbox: { sweepMs: number; leaseMs: number; queueDepth: number };
  readonly log: { level: string };

  private constructor(source: Record<string, string | undefined>) {
    const env = readEnvironment(source);
    if (env.ACTIVITY_SHARD_URLS.length === 0) {
      throw new ConfigError('ACTIVITY_SHARD_URLS: at least one Postgres URL is needed');
    }
    this.roles = env.ROLES;
    this.http = {
      port: env.PORT,
      host: env.HOST,
      trustProxy: env.TRUST_PROXY,
      corsOrigins: env.CORS_ORIGINS,
      publicUrl: env.PUBLIC_URL,
      bodyLimitBytes: env.BODY_LIMIT_BYTES,
      requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
      requestsPerMinute: env.RATE_LIMIT_PER_MINUTE,
      metricsToken: env.METRICS_TOKEN,
    };
    this.database = {
      primaryUrl: env.DATABASE_URL,
      shardUrls: env.ACTIVITY_SHARD_URLS,
      shardDirectUrls: directUrls(env),
      primaryPoolSize: env.DATABASE_POOL_SIZE,
      shardPoolSize: env.SHARD_POOL_SIZE,
      statementTimeoutMs: env.DATABASE_TIMEOUT_MS,
      poolTimeoutMs: env.POOL_TIMEOUT_MS,
      preparedStatements: env.PREPARED_STATEMENTS,
    };
    this.redis = {
      graphUrl: env.REDIS_URL,
      queueUrl: env.QUEUE_REDIS_URL ?? env.REDIS_URL,
      prefix: env.REDIS_PREFIX,
      timeoutMs: env.REDIS_TIMEOUT_MS,
    };
    this.auth = {
      secret: createSecretKey(Buffer.from(env.JWT_SECRET)),
      accessTokenSeconds: env.ACCESS_TOKEN_SECONDS,
      refreshTokenSeconds: env.REFRESH_TOKEN_SECONDS,
      loginAttempts: env.LOGIN_ATTEMPTS,
      loginWindowSeconds: env.LOGIN_WINDOW_SECONDS,
      signupsPerHour: env.SIGNUPS_PER_HOUR,
    };
    this.relationships = {
      autoFollow: env.AUTO_FOLLOW,
      mostFollows: env.MOST_FOLLOWS,
      auditUsersPerSecond: env.AUDIT_USERS_PER_SECOND,
    };
    this.feeds = {
      backfillPosts: env.BACKFILL_POSTS,
      pullAudience: env.PULL_AUDIENCE,
      dormantAfterSeconds: env.DORMANT_AFTER_SECONDS,
    };
    this.fanout = { chunkSize: env.FANOUT_CHUNK_SIZE, concurrency: env.FANOUT_CONCURRENCY };
    this.outbox = {
      sweepMs: env.OUTBOX_SWEEP_MS,
      leaseMs: env.OUTBOX_LEASE_MS,
      queueDepth: env.QUEUE_DEPTH,
    };
    this.log = { level: env.LOG_LEVEL };
  }

  /** @throws ConfigError naming each faulty setting */
  static from(source: Record<string, string | undefined>): Config {
    return new Config(source);
  }
}

function directUrls({
  ACTIVITY_SHARD_DIRECT_URLS: direct,
  ACTIVITY_SHARD_URLS: shards,
}: Environment): string[] {
  if (direct.length > 0 && direct.length !== shards.length)
    throw new ConfigError('ACTIVITY_SHARD_DIRECT_URLS: either none, or one for each of ACTIVITY_SHARD_URLS');
  return direct;
}
