import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { RevokedSessions } from './revoked-sessions.js';
import { Tokens } from './tokens.js';

/** What a client gets at each login and refresh. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  /** Seconds for which the access token is good. */
  expiresIn: number;
}

const openSession = sqlFile<{ id: Id }>(import.meta.url, './sql/open-session.sql');
const rotateSession = sqlFile<{ user_id: Id; generation: number }>(
  import.meta.url,
  './sql/rotate-session.sql',
);
const revokeSessions = sqlFile<{ id: Id }>(import.meta.url, './sql/revoke-sessions.sql');
const sessionsOfUser = sqlFile<{ id: Id }>(import.meta.url, './sql/sessions-of-user.sql');
const forgetSessions = sqlFile(import.meta.url, './sql/forget-sessions.sql');

/** Sessions: opened at login, rotated at refresh, revoked at logout or when a refresh token is used twice. */
@Injectable()
export class Sessions {
  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly tokens: Tokens,
    private readonly revoked: RevokedSessions,
  ) {}

  /** Opens a session, in the caller's transaction where there is one. */
  async open(userId: Id, transaction?: Transaction): Promise<TokenPair> {
    const parameters = [userId, this.config.auth.refreshTokenSeconds];
    const [row] = await (transaction ?? this.primary).query(openSession, parameters);
    return this.pair(userId, row!.id, 1);
  }

  /**
   * Trades a refresh token for a new pair. A token that was traded before means that it was stolen, on one side or the
   * other: the whole session is revoked.
   * @throws Problem `invalid-refresh-token`
   */
  async refresh(token: string): Promise<TokenPair & { userId: Id }> {
    const claim = this.tokens.readRefresh(token);
    if (!claim) throw new Problem('invalid-refresh-token');
    const { sessionId, generation } = claim;
    const [row] = await this.primary.query(rotateSession, [sessionId, generation]);
    if (!row) {
      await this.revoke([sessionId]);
      throw new Problem('invalid-refresh-token');
    }
    return { ...this.pair(row.user_id, sessionId, row.generation), userId: row.user_id };
  }

  /** Revokes sessions: at once in this process, within a second or two in the others. */
  async revoke(sessionIds: readonly Id[]): Promise<void> {
    const rows = await this.primary.query(revokeSessions, [sessionIds]);
    this.revoked.add(rows.map((row) => row.id));
  }

  /** Ends every session of a user. */
  async revokeAllOf(userId: Id): Promise<void> {
    const rows = await this.primary.query(sessionsOfUser, [userId]);
    await this.revoke(rows.map((row) => row.id));
  }

  /** Forgets sessions that have ended, some thousands at a time. */
  async forgetEnded(): Promise<void> {
    await this.primary.query(forgetSessions);
  }

  private pair(userId: Id, sessionId: Id, generation: number): TokenPair {
    return {
      accessToken: this.tokens.access({ id: userId, sessionId }),
      refreshToken: this.tokens.refresh({ sessionId, generation }),
      expiresIn: this.config.auth.accessTokenSeconds,
    };
  }
}
