import { Injectable, Logger } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { errorText } from '../platform/error-text.js';
import { type Id, MAX_ID } from '../platform/ids/ids.js';
import { KeptPosts } from './kept-posts.js';
import type { Reactions } from './post-text.js';

/** By how much the counts of a post change. */
export interface CountChange {
  postId: Id;
  comments?: number;
  reposts?: number;
  loves?: number;
}

/** A post, and somebody who may have reacted to it. */
export interface PostAndUser {
  postId: Id;
  userId: Id;
}

const countReactions = sqlFile<{ id: Id; author_id: Id }>(import.meta.url, './sql/count-reactions.sql');
const lovePost = sqlFile<{ id: Id }>(import.meta.url, './sql/love-post.sql');
const unlovePosts = sqlFile<{ id: Id }>(import.meta.url, './sql/unlove-posts.sql');
const loversPage = sqlFile<{ id: Id; user_id: Id }>(import.meta.url, './sql/lovers-page.sql');
const someLovesOfUser = sqlFile<{ post_id: Id }>(import.meta.url, './sql/some-loves-of-user.sql');
const forgetLoves = sqlFile<{ post_id: Id }>(import.meta.url, './sql/forget-loves.sql');
const reactionsOf = sqlFile<PostAndUser & Reactions>(import.meta.url, './sql/reactions-of.sql');

const NONE: Reactions = { loved: false, reposted: false };
const keyOf = ({ postId, userId }: PostAndUser): string => `${postId}:${userId}`;

/** Loves, and the counts that posts carry of what was done with them. */
@Injectable()
export class ReactionStore {
  private readonly logger = new Logger('ReactionStore');
  private readonly reads: BatchedReads<Reactions & { id: string }>;

  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly kept: KeptPosts,
  ) {
    this.reads = new BatchedReads(async (keys) => {
      const pairs = keys.map((key) => key.split(':') as [Id, Id]);
      const rows = await this.primary.query(reactionsOf, [
        pairs.map(([postId]) => postId),
        pairs.map(([, userId]) => userId),
      ]);
      return rows.map((row) => ({ id: keyOf(row), loved: row.loved, reposted: row.reposted }));
    });
  }

  /** What each user did with each post, in the order given. */
  async of(pairs: readonly PostAndUser[]): Promise<Reactions[]> {
    const found = await this.reads.byIds(pairs.map(keyOf));
    return pairs.map((pair) => {
      const { loved, reposted } = found.get(keyOf(pair)) ?? NONE;
      return { loved, reposted };
    });
  }

  /**
   * Changes the counts of posts; the caller has locked them if there are several.
   * @returns the authors of those that there are
   */
  async count(transaction: Transaction, changes: readonly CountChange[]): Promise<Map<Id, Id>> {
    if (changes.length === 0) return new Map();
    const rows = await transaction.query(countReactions, [
      changes.map(({ postId }) => postId),
      changes.map(({ comments = 0 }) => comments),
      changes.map(({ reposts = 0 }) => reposts),
      changes.map(({ loves = 0 }) => loves),
    ]);
    transaction.afterCommit(() =>
      this.kept
        .changed(changes.map(({ postId }) => postId))
        .catch((error: unknown) => this.logger.warn(`counts may be shown late: ${errorText(error)}`)),
    );
    return new Map(rows.map((row) => [row.id, row.author_id]));
  }

  /** @returns the id of the new love; undefined when the user loves the post already */
  async love(transaction: Transaction, post: Id, user: Id): Promise<Id | undefined> {
    return (await transaction.query(lovePost, [post, user])).at(0)?.id;
  }

  /** @returns those of the posts that the user loved */
  async unlove(transaction: Transaction, posts: readonly Id[], user: Id): Promise<Id[]> {
    return (await transaction.query(unlovePosts, [user, posts])).map((row) => row.id);
  }

  /** Who loves a post: loves below `before`, newest first, at most `limit`. */
  async lovers(post: Id, before: Id | undefined, limit: number): Promise<{ id: Id; userId: Id }[]> {
    const rows = await this.primary.query(loversPage, [post, before ?? MAX_ID, limit]);
    return rows.map((row) => ({ id: row.id, userId: row.user_id }));
  }

  /** Some of the posts that a user loves. */
  async someLovedBy(user: Id, limit: number): Promise<Id[]> {
    return (await this.primary.query(someLovesOfUser, [user, limit])).map((row) => row.post_id);
  }

  /** Forgets up to `limit` loves of posts that are gone. @returns how many */
  async forget(posts: readonly Id[], limit: number): Promise<number> {
    return (await this.primary.query(forgetLoves, [posts, limit])).length;
  }
}
