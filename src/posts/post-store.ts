import { Injectable } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { type Id, MAX_ID } from '../platform/ids/ids.js';
import type { Person } from '../users/person.js';
import type { PostContent } from './post-text.js';

export interface PostRow extends PostContent {
  author_id: Id;
  mentions: Id[];
  repost_of: Id | null;
  /** A copy of the author, once one was found; it may not be kept any more. Like a text, it may be added to a row that others have. */
  author: Person | undefined;
}

/** A post as it comes out of Postgres, column by column. */
type PostTuple = [
  id: Id,
  authorId: Id,
  body: string,
  mentions: Id[] | null,
  editedAt: Date | null,
  commentOn: Id | null,
  repostOf: Id | null,
  comments: number,
  loves: number,
  reposts: number,
  views: number,
];

/** A post before it has an id. */
export interface PostDraft {
  author: Id;
  body: string;
  mentions: readonly Id[];
  commentOn?: Id | undefined;
  repostOf?: Id | undefined;
}

/** What a post hangs on. */
export type Attachment = Pick<PostRow, 'id' | 'comment_on' | 'repost_of'>;
/** A post as it was deleted. */
export type DeletedPost = Attachment & Pick<PostRow, 'author_id'>;

const insertPost = sqlFile<{ id: Id }>(import.meta.url, './sql/insert-post.sql');
const lockOwnPost = sqlFile<Pick<PostRow, 'body' | 'mentions' | 'repost_of'>>(
  import.meta.url,
  './sql/lock-own-post.sql',
);
const editPost = sqlFile(import.meta.url, './sql/edit-post.sql');
const deletePost = sqlFile<Attachment>(import.meta.url, './sql/delete-post.sql');
const deletePosts = sqlFile<DeletedPost>(import.meta.url, './sql/delete-posts.sql');
const lockPosts = sqlFile(import.meta.url, './sql/lock-posts.sql');
const postsByIds = sqlFile<PostTuple>(import.meta.url, './sql/posts-by-ids.sql');
const presentPosts = sqlFile<{ id: Id }>(import.meta.url, './sql/present-posts.sql');
const postsOfAuthor = sqlFile<{ id: Id }>(import.meta.url, './sql/posts-of-author.sql');
const somePostsOfAuthor = sqlFile<Attachment>(import.meta.url, './sql/some-posts-of-author.sql');
const commentsPage = sqlFile<{ id: Id }>(import.meta.url, './sql/comments-page.sql');
const plainRepostsPage = sqlFile<{ id: Id; author_id: Id }>(import.meta.url, './sql/plain-reposts-page.sql');
const findPlainRepost = sqlFile<{ id: Id }>(import.meta.url, './sql/find-plain-repost.sql');
const plainRepostsOf = sqlFile<{ id: Id }>(import.meta.url, './sql/plain-reposts-of.sql');

/** The posts in Postgres: with `ReactionStore`, the only place that names their table. */
@Injectable()
export class PostStore {
  private readonly reads: BatchedReads<PostRow>;

  constructor(private readonly primary: PrimaryDatabase) {
    this.reads = new BatchedReads(async (ids) =>
      (await this.primary.tuples(postsByIds, [idList(ids)])).map(postOf),
    );
  }

  /** @returns undefined when it is a repost without words that its author has made before */
  async insert(
    transaction: Transaction,
    { author, body, mentions, commentOn, repostOf }: PostDraft,
  ): Promise<Id | undefined> {
    const parameters = [author, body, mentions, commentOn ?? null, repostOf ?? null];
    return (await transaction.query(insertPost, parameters))[0]?.id;
  }

  /** An author's post, locked until the transaction ends; undefined when they have no such post. */
  async lockOwn(transaction: Transaction, id: Id, author: Id) {
    return (await transaction.query(lockOwnPost, [id, author])).at(0);
  }

  async edit(
    transaction: Transaction,
    id: Id,
    author: Id,
    body: string,
    mentions: readonly Id[],
  ): Promise<void> {
    await transaction.query(editPost, [id, author, body, mentions]);
  }

  /** @returns what the post hung on; undefined when there was no such post of this author */
  async remove(transaction: Transaction, id: Id, author: Id): Promise<Attachment | undefined> {
    return (await transaction.query(deletePost, [id, author])).at(0);
  }

  /** Deletes posts, whosever they are; the caller has locked them and what they hang on. */
  async removeMany(transaction: Transaction, ids: readonly Id[]): Promise<DeletedPost[]> {
    return transaction.query(deletePosts, [ids]);
  }

  /** Locks those of the posts that there are, in the order of their ids. */
  async lock(transaction: Transaction, ids: readonly Id[]): Promise<void> {
    await transaction.query(lockPosts, [ids]);
  }

  /** The posts with these ids; those that do not exist (any more) are missing from the map. */
  byIds(ids: readonly Id[]): Promise<Map<Id, Readonly<PostRow>>> {
    return this.reads.byIds(ids);
  }

  /** Those of the ids whose posts are there. An id that is missing was never given, or its post is gone for good. */
  async present(ids: readonly Id[]): Promise<Set<Id>> {
    return new Set((await this.primary.query(presentPosts, [idList(ids)])).map((row) => row.id));
  }

  /** Ids of an author's posts and reposts below `before`, newest first, at most `limit`. */
  async ofAuthor(author: Id, before: Id | undefined, limit: number): Promise<Id[]> {
    return (await this.primary.query(postsOfAuthor, [author, before ?? MAX_ID, limit])).map((row) => row.id);
  }

  /** Some of an author's posts and comments, whichever come first. */
  async someOf(author: Id, limit: number): Promise<Attachment[]> {
    return this.primary.query(somePostsOfAuthor, [author, limit]);
  }

  /** Ids of the comments on a post below `before`, newest first, at most `limit`. */
  async commentsOn(post: Id, before: Id | undefined, limit: number): Promise<Id[]> {
    return (await this.primary.query(commentsPage, [post, before ?? MAX_ID, limit])).map((row) => row.id);
  }

  /** Reposts of a post without words of the reposter's own, below `before`, newest first. */
  async plainReposts(post: Id, before: Id | undefined, limit: number): Promise<{ id: Id; userId: Id }[]> {
    const rows = await this.primary.query(plainRepostsPage, [post, before ?? MAX_ID, limit]);
    return rows.map((row) => ({ id: row.id, userId: row.author_id }));
  }

  /** An author's repost of a post without words of their own. */
  async plainRepost(post: Id, author: Id): Promise<Id | undefined> {
    return (await this.primary.query(findPlainRepost, [post, author])).at(0)?.id;
  }

  /** Some of the reposts without words of these posts. */
  async somePlainReposts(posts: readonly Id[], limit: number): Promise<Id[]> {
    return (await this.primary.query(plainRepostsOf, [posts, limit])).map((row) => row.id);
  }
}

const NOBODY: Id[] = [];

const postOf = (tuple: PostTuple): PostRow => ({
  // What every page asks for lies together.
  author: undefined,
  texts: undefined,
  id: tuple[0],
  author_id: tuple[1],
  mentions: tuple[3] ?? NOBODY,
  repost_of: tuple[6],
  loves_count: tuple[8],
  reposts_count: tuple[9],
  body: tuple[2],
  edited_at: tuple[4],
  comment_on: tuple[5],
  comments_count: tuple[7],
  views_count: tuple[10],
});
