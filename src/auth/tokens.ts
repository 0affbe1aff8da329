import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Config } from '../platform/config/config.js';
import type { VerifiedViewer, Viewer } from '../platform/http/access.js';
import { isId, type Id } from '../platform/ids/ids.js';

/** Which generation of which session a refresh token stands for. */
export interface RefreshClaim {
  sessionId: Id;
  generation: number;
}

/**
 * Access tokens are short-lived JWTs (HS256), verified without asking anyone. Refresh tokens are
 * `session.generation.signature`: the signature proves that we issued the token, so that an old one of ours (reuse) can
 * be told from an invented one, and the database holds nothing that would help a thief.
 */
@Injectable()
export class Tokens {
  constructor(
    private readonly config: Config,
    private readonly jwt: JwtService,
  ) {}

  /** An access token for this viewer, good for `accessTokenSeconds`. */
  access(viewer: Viewer): string {
    return this.jwt.sign({ sub: viewer.id, sid: viewer.sessionId });
  }

  /** @returns whom the token stands for; undefined when it is malformed, forged or expired */
  verifyAccess(token: string): VerifiedViewer | undefined {
    try {
      const { sub, sid, exp } = this.jwt.verify<{ sub: unknown; sid: unknown; exp: number }>(token);
      return isId(sub) && isId(sid) ? { id: sub, sessionId: sid, expiresAt: exp * 1_000 } : undefined;
    } catch {
      return undefined;
    }
  }

  refresh({ sessionId, generation }: RefreshClaim): string {
    return `${sessionId}.${generation}.${this.signature(sessionId, generation)}`;
  }

  /** @returns what the token claims, when we issued it; whether it is still good only the session knows */
  readRefresh(token: string): RefreshClaim | undefined {
    const [sessionId, generation, signature, ...rest] = token.split('.');
    if (!isId(sessionId) || !/^\d{1,9}$/.test(generation ?? '') || !signature || rest.length > 0)
      return undefined;
    const expected = Buffer.from(this.signature(sessionId, Number(generation)));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return { sessionId, generation: Number(generation) };
  }

  private signature(sessionId: Id, generation: number): string {
    return createHmac('sha256', this.config.auth.secret)
      .update(`refresh:${sessionId}.${generation}`)
      .digest('base64url');
  }
}
