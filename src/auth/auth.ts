import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { Problem } from '../platform/http/problem.js';
import { RateLimits } from '../platform/http/rate-limits.js';
import { Accounts } from '../users/accounts.js';
import { Profiles } from '../users/profiles.js';
import type { UserView } from '../users/user-view.js';
import { Passwords } from './passwords.js';
import { Sessions, type TokenPair } from './sessions.js';

export type OpenedSession = TokenPair & { user: UserView };

/** Signing up, logging in, staying logged in. */
@Injectable()
export class Auth {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly accounts: Accounts,
    private readonly profiles: Profiles,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly limits: RateLimits,
  ) {}

  /** @throws Problem `username-taken`, `email-taken`, `too-many-requests` */
  async signUp(
    account: { username: string; email: string; password: string },
    address: string,
  ): Promise<OpenedSession> {
    await this.limits.signups.take(address);
    const passwordHash = await this.passwords.hash(account.password);
    const { username, email } = account;
    const { id, tokens } = await this.primary.transaction(async (transaction) => {
      const id = await this.accounts.create(transaction, { username, email, passwordHash });
      return { id, tokens: await this.sessions.open(id, transaction) };
    });
    return { user: await this.profiles.find(id, id), ...tokens };
  }

  /** Every attempt costs a point of the account, of the address, and of the two together; a good one gives them back. */
  async logIn(login: string, password: string, address: string): Promise<OpenedSession> {
    const name = login.toLowerCase();
    const key = `${name} ${address}`;
    await this.limits.loginsByAddress.take(address);
    await this.limits.loginsByAccount.take(name);
    await this.limits.logins.take(key);
    const account = await this.accounts.forLogin(login);
    if (!(await this.passwords.verify(account?.passwordHash, password)) || !account) {
      throw new Problem('invalid-credentials');
    }
    await Promise.all([
      this.limits.logins.reset(key),
      this.limits.loginsByAccount.giveBack(name),
      this.limits.loginsByAddress.giveBack(address),
    ]);
    const tokens = await this.sessions.open(account.id);
    return { user: await this.profiles.find(account.id, account.id), ...tokens };
  }

  /** @throws Problem `invalid-refresh-token` */
  async refresh(refreshToken: string): Promise<OpenedSession> {
    const { userId, ...tokens } = await this.sessions.refresh(refreshToken);
    return { user: await this.profiles.find(userId, userId), ...tokens };
  }
}
