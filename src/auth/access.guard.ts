import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ACCESS, type Access, type Viewer } from '../platform/http/access.js';
import { Problem } from '../platform/http/problem.js';
import { RateLimits } from '../platform/http/rate-limits.js';
import { Accounts } from '../users/accounts.js';
import { RevokedSessions } from './revoked-sessions.js';
import { Tokens } from './tokens.js';

/** Stands before every route and denies by default: only what a route states about its callers lets anyone in. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: Tokens,
    private readonly revoked: RevokedSessions,
    private readonly accounts: Accounts,
    private readonly limits: RateLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & { viewer?: Viewer }>();
    const viewer = this.viewerOf(request);
    if (!viewer) {
      await this.limits.requests.take(`address:${request.ip}`);
      throw new Problem('unauthenticated');
    }
    request.viewer = viewer;
    if (access === 'user') return true;
    if (access === 'admin' && (await this.accounts.roleOf(viewer.id)) === 'admin') return true;
    throw new Problem('forbidden');
  }

  private viewerOf(request: FastifyRequest): Viewer | undefined {
    const [scheme, token, ...rest] = (request.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token || rest.length > 0) return undefined;
    const viewer = this.tokens.verifyAccess(token);
    return viewer && !this.revoked.has(viewer.sessionId) ? viewer : undefined;
  }
}
