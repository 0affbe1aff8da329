import { Injectable } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { sqlFile } from '../platform/database/sql.js';
import { ProfileCards } from './profile-cards.js';
import { userCreated, userDeleted } from './user-events.js';
import { User, type UserRole } from './user.entity.js';

const lockExistence = sqlFile(import.meta.url, './sql/lock-existence.sql');
const addPosts = sqlFile(import.meta.url, './sql/add-posts.sql');
const deleteUser = sqlFile<{ id: Id }>(import.meta.url, './sql/delete-user.sql');

export interface NewAccount {
  username: string;
  email: string | null;
  passwordHash: string | null;
  name?: string;
  bio?: string;
  role?: UserRole;
}

/** What the owner of an account may change. */
export interface ProfileChange {
  name?: string;
  bio?: string;
  avatarUrl?: string | null;
}

/** Accounts: making, finding for a login, changing. */
@Injectable()
export class Accounts {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
    private readonly cards: ProfileCards,
  ) {}

  /**
   * Makes an account in the caller's transaction and announces it.
   * @throws Problem `username-taken` or `email-taken`
   */
  async create(transaction: Transaction, account: NewAccount): Promise<Id> {
    try {
      const { identifiers } = await transaction.manager.insert(User, account);
      const id = String(identifiers[0]?.id);
      await this.outbox.record(transaction, userCreated, { userId: id });
      return id;
    } catch (error) {
      const constraint = uniqueViolation(error);
      if (constraint === 'users_username') throw new Problem('username-taken');
      if (constraint === 'users_email') throw new Problem('email-taken');
      throw error;
    }
  }

  /** The account with this username or e-mail address, with its password's hash. */
  async forLogin(login: string): Promise<User | null> {
    return this.users()
      .createQueryBuilder('user')
      .addSelect('user.passwordHash')
      .where(
        login.includes('@') ? 'lower(user.email) = lower(:login)' : 'lower(user.username) = lower(:login)',
        { login },
      )
      .getOne();
  }

  /** @returns null for an account that does not exist (any more) */
  async roleOf(id: Id): Promise<UserRole | null> {
    return (await this.users().findOne({ select: { id: true, role: true }, where: { id } }))?.role ?? null;
  }

  async changeProfile(id: Id, change: ProfileChange): Promise<void> {
    const given = Object.values(change).some((value) => value !== undefined);
    if (!given) return;
    await this.primary.transaction(async (transaction) => {
      await transaction.manager.update(User, { id }, change);
      await this.cards.changed(transaction, [id]);
    });
  }

  /**
   * Changes the numbers of posts of users in the caller's transaction; locks their rows in the order given.
   * @param changes by how much, for each user
   */
  async addPosts(transaction: Transaction, changes: ReadonlyMap<Id, number>): Promise<void> {
    for (const [id, change] of changes) await transaction.query(addPosts, [id, change]);
    if (changes.size > 0) await this.cards.changed(transaction, [...changes.keys()]);
  }

  /** @returns false when nobody has this username */
  async setRole(username: string, role: UserRole): Promise<boolean> {
    return this.updateByName(username, { role });
  }

  /** @returns false when nobody has this username */
  async setPassword(username: string, passwordHash: string): Promise<boolean> {
    return this.updateByName(username, { passwordHash });
  }

  /** Deletes an account in the caller's transaction and announces it; one that is gone already is left alone. */
  async remove(transaction: Transaction, id: Id): Promise<void> {
    await transaction.query(lockExistence, [id]);
    const [row] = await transaction.query(deleteUser, [id]);
    if (!row) return;
    await this.cards.changed(transaction, [id]);
    await this.outbox.record(transaction, userDeleted, { userId: id });
  }

  async count(): Promise<number> {
    return this.users().count();
  }

  private async updateByName(username: string, change: Partial<User>): Promise<boolean> {
    const result = await this.users()
      .createQueryBuilder()
      .update(change)
      .where('lower(username) = lower(:username)', { username })
      .execute();
    return (result.affected ?? 0) > 0;
  }

  private users() {
    return this.primary.dataSource.getRepository(User);
  }
}

/** The name of the violated unique constraint, when that is what went wrong. */
function uniqueViolation(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' ? constraint : undefined;
}
