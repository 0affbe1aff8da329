import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { Problem } from '../platform/http/problem.js';

/** As many at a time as libuv has threads; past this many in line, a caller is turned away rather than kept waiting. */
const AT_A_TIME = 4;
const MOST_WAITING = 200;

/** Hashes and verifies passwords with argon2id (the library's defaults: 19 MiB, 2 passes, RFC 9106's variant). */
@Injectable()
export class Passwords {
  private readonly limit = pLimit(AT_A_TIME);
  private decoy: Promise<string> | undefined;

  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password));
  }

  /**
   * Whether a password belongs to a hash. Without a hash (no such account, or one without password) the same work is
   * done in vain, so that the time taken does not tell.
   */
  async verify(passwordHash: string | null | undefined, password: string): Promise<boolean> {
    this.decoy ??= hash(randomBytes(16).toString('hex'));
    const against = passwordHash ?? (await this.decoy);
    const matches = await this.inTurn(() => verify(against, password));
    return matches && passwordHash != null;
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.limit.pendingCount >= MOST_WAITING) throw new Problem('overloaded');
    return this.limit(work);
  }
}
