import { Injectable } from '@nestjs/common';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { Config } from '../config/config.js';
import { GraphRedis } from '../redis/redis.js';
import { Problem } from './problem.js';

/** What is left of somebody's allowance. */
export interface Allowance {
  limit: number;
  remaining: number;
  resetSeconds: number;
}

/** A number of points per window and key, counted in Redis; in this process alone while Redis is away. */
export class RateLimit {
  private readonly limiter: RateLimiterAbstract;

  constructor(
    redis: GraphRedis,
    prefix: string,
    readonly points: number,
    readonly windowSeconds: number,
  ) {
    const options = { keyPrefix: prefix, points, duration: windowSeconds };
    this.limiter = new RateLimiterRedis({
      ...options,
      storeClient: redis.client,
      inMemoryBlockOnConsumed: points + 1,
      insuranceLimiter: new RateLimiterMemory(options),
    });
  }

  /** Takes one point. @throws Problem `too-many-requests` when none is left */
  async take(key: string): Promise<Allowance> {
    try {
      return this.allowance(await this.limiter.consume(key));
    } catch (refusal) {
      throw this.refusal(refusal);
    }
  }

  /** Gives one point back. */
  async giveBack(key: string): Promise<void> {
    await this.limiter.reward(key);
  }

  /** Gives a key all its points back. */
  async reset(key: string): Promise<void> {
    await this.limiter.delete(key);
  }

  private allowance(state: RateLimiterRes): Allowance {
    const resetSeconds = Math.ceil(state.msBeforeNext / 1000);
    return { limit: this.points, remaining: Math.max(0, state.remainingPoints), resetSeconds };
  }

  private refusal(refusal: unknown): Error {
    if (!(refusal instanceof RateLimiterRes)) return refusal as Error;
    const { resetSeconds } = this.allowance(refusal);
    return new Problem('too-many-requests', `Try again in ${resetSeconds} s.`, {
      retryAfterSeconds: resetSeconds,
    });
  }
}

/** The allowances that there are. */
@Injectable()
export class RateLimits {
  /** Requests, by user, or by address for those who are not logged in. */
  readonly requests: RateLimit;
  /** Failed logins, by account and address. */
  readonly logins: RateLimit;
  /** Logins of an account from wherever: ten times as many. */
  readonly loginsByAccount: RateLimit;
  /** Logins of whatever account, by address: ten times as many. */
  readonly loginsByAddress: RateLimit;
  /** Sign-ups, by address. */
  readonly signups: RateLimit;

  constructor(config: Config, redis: GraphRedis) {
    const { prefix } = config.redis;
    this.requests = new RateLimit(redis, `${prefix}rate:requests`, config.http.requestsPerMinute, 60);
    const { loginAttempts, loginWindowSeconds } = config.auth;
    this.logins = new RateLimit(redis, `${prefix}rate:logins`, loginAttempts, loginWindowSeconds);
    this.loginsByAccount = new RateLimit(
      redis,
      `${prefix}rate:accounts`,
      loginAttempts * 10,
      loginWindowSeconds,
    );
    this.loginsByAddress = new RateLimit(
      redis,
      `${prefix}rate:addresses`,
      loginAttempts * 10,
      loginWindowSeconds,
    );
    this.signups = new RateLimit(redis, `${prefix}rate:signups`, config.auth.signupsPerHour, 3_600);
  }
}
