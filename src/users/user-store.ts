import { Injectable } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { type Id, isId } from '../platform/ids/ids.js';

/** A user's public columns. */
export interface UserRow {
  id: Id;
  username: string;
  name: string;
  bio: string;
  avatar_url: string | null;
  posts_count: number;
}

/** 1 to 30 letters, digits, `_` or `-`. */
export const USERNAME = /^[A-Za-z0-9_-]{1,30}$/;

const usersByIds = sqlFile<UserRow>(import.meta.url, './sql/users-by-ids.sql');
const usersByNames = sqlFile<UserRow>(import.meta.url, './sql/users-by-names.sql');
const idsPage = sqlFile<{ id: Id }>(import.meta.url, './sql/ids-page.sql');
const spreadIds = sqlFile<{ id: Id }>(import.meta.url, './sql/spread-ids.sql');
const countUsers = sqlFile<{ n: number }>(import.meta.url, './sql/count-users.sql');
const countExisting = sqlFile<{ found: number }>(import.meta.url, './sql/count-existing.sql');
const knownUsers = sqlFile<{ id: Id }>(import.meta.url, './sql/known-users.sql');
const presentUsers = sqlFile<{ id: Id }>(import.meta.url, './sql/present-users.sql');

/** Reads users in batches; the only place, with `Accounts`, that names their table. */
@Injectable()
export class UserStore {
  private readonly reads: BatchedReads<UserRow>;

  constructor(private readonly primary: PrimaryDatabase) {
    this.reads = new BatchedReads((ids) => this.primary.query(usersByIds, [idList(ids)]));
  }

  /** The users with these ids; those that do not exist are missing from the map. */
  byIds(ids: readonly Id[]): Promise<Map<Id, Readonly<UserRow>>> {
    return this.reads.byIds(ids);
  }

  /** The user of this name, without regard to case. */
  async byName(username: string): Promise<UserRow | undefined> {
    return USERNAME.test(username) ? (await this.byNames([username])).at(0) : undefined;
  }

  /** A user as people write them down: by name, with or without `@`, or by id; of digits alone it is an id. */
  async byIdOrName(text: string): Promise<UserRow | undefined> {
    const name = text.startsWith('@') ? text.slice(1) : text;
    return isId(text) ? (await this.byIds([text])).get(text) : this.byName(name);
  }

  /** The users of these names, without regard to case, in no particular order. */
  async byNames(usernames: readonly string[]): Promise<UserRow[]> {
    if (usernames.length === 0) return [];
    return this.primary.query(usersByNames, [usernames.map((name) => name.toLowerCase())]);
  }

  /** Ids of users above `after`, in their order, at most `limit`. */
  async idsAfter(after: Id, limit: number): Promise<Id[]> {
    return (await this.primary.query(idsPage, [after, limit])).map((row) => row.id);
  }

  /** Whether all of these users are there, as the caller's transaction sees it. */
  async exist(transaction: Transaction, ids: readonly Id[]): Promise<boolean> {
    return (await transaction.query(countExisting, [ids]))[0]!.found === ids.length;
  }

  /** Those of the ids that were ever given to a user, who may be deleted by now. */
  async known(ids: readonly Id[]): Promise<Id[]> {
    return ids.length === 0 ? [] : (await this.primary.query(knownUsers, [ids])).map((row) => row.id);
  }

  /** Those of the ids whose users are there. An id that is missing was never given, or its user is gone for good. */
  async present(ids: readonly Id[]): Promise<Set<Id>> {
    return new Set((await this.primary.query(presentUsers, [idList(ids)])).map((row) => row.id));
  }

  /** How many users there are. */
  async count(): Promise<number> {
    return (await this.primary.query(countUsers))[0]!.n;
  }

  /**
   * Users in batches, for a look at all of them or at a sample.
   * @param most about how many, drawn at random; `all` yields everybody in the order of their ids
   */
  async *spread(most: number | 'all', batch: number): AsyncGenerator<Id[]> {
    if (most === 'all') {
      for (
        let ids = await this.idsAfter('0', batch);
        ids.length > 0;
        ids = await this.idsAfter(ids.at(-1)!, batch)
      )
        yield ids;
      return;
    }
    const drawn = (await this.primary.query(spreadIds, [most, await this.count()])).map((row) => row.id);
    for (let start = 0; start < drawn.length; start += batch) yield drawn.slice(start, start + batch);
  }
}
