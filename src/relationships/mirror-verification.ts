import { Injectable } from '@nestjs/common';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { UserStore } from '../users/user-store.js';
import type { Drift } from './audit/drift.js';
import { MirrorComparison } from './audit/mirror-comparison.js';
import { Mirror } from './mirror/mirror.js';

const USERS_PER_BATCH = 500;

export type { Drift };

export interface VerificationOptions {
  /** Everybody, about so many users drawn at random, or these. */
  users: 'all' | number | readonly Id[];
  /** Makes what is not right what Postgres says. */
  repair?: boolean;
  report?: (users: number) => void;
}

export interface VerificationResult {
  users: number;
  /** Every difference that stayed although nobody changed anything. */
  drift: Drift[];
  /** Users with a difference whom a repair has put right. */
  repaired: number;
}

/** Compares the mirror that is read with Postgres. */
@Injectable()
export class MirrorVerification {
  constructor(
    private readonly users: UserStore,
    private readonly mirror: Mirror,
    private readonly comparison: MirrorComparison,
  ) {}

  /** @throws Problem `unavailable` when there is no mirror to compare */
  async run({ users, repair, report }: VerificationOptions): Promise<VerificationResult> {
    const epoch = await this.mirror.currentEpoch();
    if (!epoch)
      throw new Problem('unavailable', 'There is no mirror: it is being built, or was never built.');
    const result: VerificationResult = { users: 0, drift: [], repaired: 0 };
    for await (const ids of this.batches(users)) {
      const drift = await this.comparison.compare(epoch, ids);
      result.users += ids.length;
      result.drift.push(...drift);
      if (repair && drift.length > 0) {
        await this.comparison.repair(epoch, drift);
        const left = new Set((await this.comparison.compare(epoch, ids)).map(({ userId }) => userId));
        result.repaired += new Set(drift.map(({ userId }) => userId).filter((id) => !left.has(id))).size;
      }
      report?.(result.users);
    }
    return result;
  }

  private async *batches(users: VerificationOptions['users']): AsyncGenerator<readonly Id[]> {
    if (users === 'all' || typeof users === 'number') yield* this.users.spread(users, USERS_PER_BATCH);
    else yield users;
  }
}
