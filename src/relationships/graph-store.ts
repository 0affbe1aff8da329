import { Injectable } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { type Id, MAX_ID } from '../platform/ids/ids.js';
import type { GraphFacts } from '../users/graph-view.js';
import type { FollowKind, RelationshipKind } from '../users/user-view.js';
import type { AuditSnapshot } from './audit/drift.js';
import type { GraphChange } from './changes.js';
import { codeOf, isFollow, kindOf } from './kinds.js';
import type { OwnerSnapshot } from './mirror/owner-snapshot.js';

/** Somebody whom an owner follows, and the oldest of their posts that the owner's feed has. */
export interface Follow {
  subjectId: Id;
  kind: FollowKind;
  floor: Id;
}

/** How two users stand to each other. */
export interface Pair {
  mine: RelationshipKind | null;
  theirs: RelationshipKind | null;
}

interface FactsRow {
  followers: number;
  friends: number;
  noise: number;
  mine: number | null;
  theirs: number | null;
}

const lockOwners = sqlFile<{ owners: Id[] }>(import.meta.url, './sql/lock-owners.sql');
const insertOwners = sqlFile(import.meta.url, './sql/insert-owners.sql');
const readPair = sqlFile<{ mine: number | null; theirs: number | null }>(
  import.meta.url,
  './sql/read-pair.sql',
);
const writeRelationship = sqlFile<{ version: number; following: number }>(
  import.meta.url,
  './sql/write-relationship.sql',
);
const followsOf = sqlFile<[Id, number, Id]>(import.meta.url, './sql/follows-of.sql');
const followsAmong = sqlFile<[Id, Id, number, Id]>(import.meta.url, './sql/follows-among.sql');
const followersPage = sqlFile<{ id: Id }>(import.meta.url, './sql/followers-page.sql');
const subjectsPage = sqlFile<{ id: Id }>(import.meta.url, './sql/subjects-page.sql');
const hiddenPage = sqlFile<{ id: Id }>(import.meta.url, './sql/hidden-page.sql');
const graphFacts = sqlFile<FactsRow>(import.meta.url, './sql/graph-facts.sql');
const ownerSnapshots = sqlFile<OwnerSnapshot>(import.meta.url, './sql/owner-snapshots.sql');
const auditSnapshots = sqlFile<AuditSnapshot>(import.meta.url, './sql/audit-snapshots.sql');

/** The graph in Postgres: the only place that names its tables. */
@Injectable()
export class GraphStore {
  private readonly follows: BatchedReads<Follow & { id: string }>;

  constructor(private readonly primary: PrimaryDatabase) {
    this.follows = new BatchedReads((pairs) => this.followsOfPairs(pairs));
  }

  /**
   * Locks the owners' version rows until the transaction ends; they exist, see `ensureOwners`.
   * @param existing users whose existence is shared until then: they cannot be deleted meanwhile
   */
  async lock(transaction: Transaction, owners: readonly Id[], existing: readonly Id[] = []): Promise<void> {
    await transaction.query(lockOwners, [owners, existing]);
  }

  /**
   * Makes the version rows of owners who have none yet, on its own and before `lock`: made within a transaction that
   * holds locks already, they would be taken out of order.
   */
  async ensureOwners(owners: readonly Id[]): Promise<void> {
    await this.primary.query(insertOwners, [owners]);
  }

  async pair(owner: Id, subject: Id, transaction?: Transaction): Promise<Pair> {
    const [row] = await (transaction ?? this.primary).query(readPair, [owner, subject]);
    return { mine: kindOf(row?.mine), theirs: kindOf(row?.theirs) };
  }

  /**
   * Writes one change; the caller has locked its owner.
   * @param floor the oldest post that a new follower gets
   * @returns the change with its version, and how many its owner follows now
   */
  async write(
    transaction: Transaction,
    change: Omit<GraphChange, 'version'>,
    floor: Id,
  ): Promise<{ change: GraphChange; following: number }> {
    const { ownerId, subjectId, from, to } = change;
    const difference = (kind: FollowKind) => Number(to === kind) - Number(from === kind);
    const [row] = await transaction.query(writeRelationship, [
      ownerId,
      subjectId,
      to && codeOf(to),
      difference('friend'),
      difference('noise'),
      floor,
    ]);
    return { change: { ...change, version: row!.version }, following: row!.following };
  }

  /**
   * Whom an owner follows, and from which post on.
   * @param among only these; undefined for all
   */
  async followsOf(owner: Id, among?: readonly Id[]): Promise<Follow[]> {
    const rows = await this.primary.tuples(followsOf, [owner, among ?? null]);
    return rows.map(([subjectId, code, floor]) => ({ subjectId, kind: kindOf(code) as FollowKind, floor }));
  }

  /** Whom of a few people an owner follows; owners who are asked about at the same time share a statement. */
  async followsAmong(owner: Id, among: readonly Id[]): Promise<Follow[]> {
    return [...(await this.follows.byIds(among.map((subject) => `${owner}:${subject}`))).values()];
  }

  private async followsOfPairs(pairs: readonly string[]): Promise<(Follow & { id: string })[]> {
    const ids = pairs.map((pair) => pair.split(':') as [Id, Id]);
    const rows = await this.primary.tuples(followsAmong, [
      idList(ids.map(([owner]) => owner)),
      idList(ids.map(([, subject]) => subject)),
    ]);
    return rows.map(([owner, subjectId, code, floor]) => ({
      id: `${owner}:${subjectId}`,
      subjectId,
      kind: kindOf(code) as FollowKind,
      floor,
    }));
  }

  /** Ids of followers below `before`, newest accounts first. */
  async followers(user: Id, before: Id | undefined, limit: number): Promise<Id[]> {
    return (await this.primary.query(followersPage, [user, before ?? MAX_ID, limit])).map((row) => row.id);
  }

  /** Ids of those whom an owner follows in these ways, below `before`, newest accounts first. */
  async subjects(
    owner: Id,
    kinds: readonly RelationshipKind[],
    before: Id | undefined,
    limit: number,
  ): Promise<Id[]> {
    const parameters = [owner, kinds.map(codeOf), before ?? MAX_ID, limit];
    return (await this.primary.query(subjectsPage, parameters)).map((row) => row.id);
  }

  /** Ids of those whom an owner blocks, or mutes, below `before`, newest accounts first. */
  async hidden(owner: Id, kind: 'block' | 'mute', before: Id | undefined, limit: number): Promise<Id[]> {
    const parameters = [owner, codeOf(kind), before ?? MAX_ID, limit];
    return (await this.primary.query(hiddenPage, parameters)).map((row) => row.id);
  }

  /** @param withCounts false leaves the followers uncounted, which is what costs */
  async facts(viewer: Id, users: readonly Id[], withCounts = true): Promise<GraphFacts[]> {
    const rows = await this.primary.query(graphFacts, [viewer, users, withCounts]);
    return rows.map(({ followers, friends, noise, mine, theirs }) => ({
      followers,
      friends,
      noise,
      kind: kindOf(mine),
      followsMe: isFollow(kindOf(theirs)),
      blocksMe: kindOf(theirs) === 'block',
    }));
  }

  /** Everything that the mirror holds of each user, from the truth. */
  async auditSnapshots(users: readonly Id[]): Promise<AuditSnapshot[]> {
    return users.length === 0 ? [] : this.primary.query(auditSnapshots, [users]);
  }

  async snapshots(owners: readonly Id[]): Promise<OwnerSnapshot[]> {
    return this.primary.query(ownerSnapshots, [owners]);
  }
}
