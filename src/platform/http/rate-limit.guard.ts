import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Viewer } from './access.js';
import { Problem } from './problem.js';
import { type Allowance, RateLimits } from './rate-limits.js';

const UNLIMITED = Symbol('unlimited');

/** Exempts a route from the request limit: what a load balancer or a scraper polls. */
export const Unlimited = () => SetMetadata(UNLIMITED, true);

/**
 * Counts each request that the access guard let pass against its user's allowance, or its address's; answers carry what is
 * left.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: RateLimits,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>(UNLIMITED, [context.getHandler(), context.getClass()]))
      return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { viewer?: Viewer }>();
    const reply = http.getResponse<FastifyReply>();
    const key = request.viewer ? `user:${request.viewer.id}` : `address:${request.ip}`;
    try {
      setHeaders(reply, await this.limits.requests.take(key));
    } catch (error) {
      if (error instanceof Problem) {
        const { points } = this.limits.requests;
        setHeaders(reply, { limit: points, remaining: 0, resetSeconds: error.more.retryAfterSeconds ?? 60 });
      }
      throw error;
    }
    return true;
  }
}

function setHeaders(reply: FastifyReply, allowance: Allowance): void {
  reply.header('ratelimit-limit', String(allowance.limit));
  reply.header('ratelimit-remaining', String(allowance.remaining));
  reply.header('ratelimit-reset', String(allowance.resetSeconds));
}
