import { Injectable } from '@nestjs/common';
import { BatchedReads } from '../platform/database/batched-reads.js';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { type Id, MAX_ID } from '../platform/ids/ids.js';

export interface PostRow {
  id: Id;
  author_id: Id;
  body: string;
  mentions: Id[];
  edited_at: Date | null;
  comments_count: number;
  loves_count: number;
  reposts_count: number;
  views_count: number;
}

const insertPost = sqlFile<{ id: Id }>(import.meta.url, './sql/insert-post.sql');
const deletePost = sqlFile<{ id: Id }>(import.meta.url, './sql/delete-post.sql');
const deletePostsOfAuthor = sqlFile<{ id: Id }>(import.meta.url, './sql/delete-posts-of-author.sql');
const postsByIds = sqlFile<PostRow>(import.meta.url, './sql/posts-by-ids.sql');
const postsOfAuthor = sqlFile<{ id: Id }>(import.meta.url, './sql/posts-of-author.sql');

const POSTS_PER_BATCH = 2_000;

/** The posts in Postgres: the only place that names their table. */
@Injectable()
export class PostStore {
  private readonly reads: BatchedReads<PostRow>;

  constructor(private readonly primary: PrimaryDatabase) {
    this.reads = new BatchedReads((ids) => this.primary.query(postsByIds, [idList(ids)]));
  }

  async insert(transaction: Transaction, author: Id, body: string, mentions: readonly Id[]): Promise<Id> {
    const [row] = await transaction.query(insertPost, [author, body, mentions]);
    return row!.id;
  }

  /** @returns whether there was such a post of this author */
  async remove(transaction: Transaction, id: Id, author: Id): Promise<boolean> {
    return (await transaction.query(deletePost, [id, author])).length > 0;
  }

  /** Deletes some thousands of an author's posts. @returns their ids; none when there is no post left */
  async removeSomeOf(transaction: Transaction, author: Id): Promise<Id[]> {
    const rows = await transaction.query(deletePostsOfAuthor, [author, POSTS_PER_BATCH]);
    return rows.map((row) => row.id);
  }

  /** The posts with these ids; those that do not exist (any more) are missing from the map. */
  byIds(ids: readonly Id[]): Promise<Map<Id, Readonly<PostRow>>> {
    return this.reads.byIds(ids);
  }

  /** Ids of an author's posts below `before`, newest first, at most `limit`. */
  async ofAuthor(author: Id, before: Id | undefined, limit: number): Promise<Id[]> {
    return (await this.primary.query(postsOfAuthor, [author, before ?? MAX_ID, limit])).map((row) => row.id);
  }
}
