import { Injectable } from '@nestjs/common';
import { bucketOf } from '../platform/database/buckets.js';
import type { Database } from '../platform/database/database.js';
import { hasMoved } from '../platform/database/moved.js';
import { ShardRouter } from '../platform/database/shards.js';
import { idList, sqlFile, type Statement } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { STREAMS } from './activity.js';
import { write } from './citus.js';
import { perLeaf } from './leaves.js';
import { reasonOf, type ShardRefusal } from './write-outcome.js';

export type FeedStream = 'friends' | 'noise';

/** A post, and the feed of a recipient in which it belongs. */
export interface PlacedPost {
  id: Id;
  authorId: Id;
  stream: FeedStream;
}

const placeActor = perLeaf(sqlFile(import.meta.url, './sql/place-actor.sql'));
const insertPosts = perLeaf(sqlFile(import.meta.url, './sql/insert-posts.sql'));
const removeActor = perLeaf(sqlFile(import.meta.url, './sql/remove-actor.sql'));
const removeRecipient = perLeaf(sqlFile(import.meta.url, './sql/remove-recipient.sql'));
const removeActorFromMany = sqlFile(import.meta.url, './sql/remove-actor-from-many.sql');
const removePost = sqlFile(import.meta.url, './sql/remove-post.sql');

/**
 * Brings in, moves and takes out what feeds hold of an author. Everything may be repeated, and follows buckets that
 * move. Each answers which shard did not take it, if one did not: nothing, or only a part, was done then.
 */
@Injectable()
export class PlacementStore {
  constructor(private readonly shards: ShardRouter) {}

  /**
   * Moves what there is of an author's posts in the other feed of a recipient into this one.
   * @param floor the oldest that may stay
   */
  place(recipient: Id, author: Id, stream: FeedStream, floor: Id): Promise<ShardRefusal | undefined> {
    return this.onLeaf(placeActor, recipient, [author, STREAMS[stream], floor]);
  }

  /** Writes posts into the feeds of one recipient. */
  fill(recipient: Id, posts: readonly PlacedPost[]): Promise<ShardRefusal | undefined> {
    const streams = `{${posts.map(({ stream }) => STREAMS[stream]).join(',')}}`;
    const parameters = [
      idList(posts.map(({ id }) => id)),
      idList(posts.map(({ authorId }) => authorId)),
      streams,
    ];
    return this.onLeaf(insertPosts, recipient, parameters);
  }

  /** Takes an author's posts out of both feeds of a recipient. */
  remove(recipient: Id, author: Id): Promise<ShardRefusal | undefined> {
    return this.onLeaf(removeActor, recipient, [author]);
  }

  /** Takes everything of somebody out of the streams of some recipients. */
  removeActor(recipients: readonly Id[], actor: Id): Promise<ShardRefusal | undefined> {
    return this.onShards(removeActorFromMany, recipients, actor);
  }

  /** Takes a post out of the feeds of some recipients. */
  removePost(recipients: readonly Id[], post: Id): Promise<ShardRefusal | undefined> {
    return this.onShards(removePost, recipients, post);
  }

  /** Takes out all that was written for somebody. */
  async removeRecipient(recipient: Id): Promise<ShardRefusal | undefined> {
    const bucket = bucketOf(recipient);
    const owner = () => this.shards.ownerOf(bucket);
    return this.attempt(owner, async () => {
      while ((await write(owner(), removeRecipient[bucket]!, [recipient])).length > 0);
    });
  }

  private onLeaf(
    statements: readonly Statement[],
    recipient: Id,
    parameters: readonly unknown[],
  ): Promise<ShardRefusal | undefined> {
    const bucket = bucketOf(recipient);
    const owner = () => this.shards.ownerOf(bucket);
    return this.attempt(owner, () => write(owner(), statements[bucket]!, [recipient, ...parameters]));
  }

  private async onShards(
    statement: Statement,
    recipients: readonly Id[],
    subject: Id,
  ): Promise<ShardRefusal | undefined> {
    const removeFrom = async (shard: Database, ids: readonly Id[]): Promise<ShardRefusal | undefined> => {
      try {
        await write(shard, statement, [idList(ids), subject]);
        return undefined;
      } catch (error) {
        const reason = hasMoved(error) ? undefined : reasonOf(error);
        if (!reason) throw error;
        return { shard: this.shards.numberOf(shard), reason };
      }
    };
    // By the newest map each time, since other shards own some of them once a bucket has moved.
    return this.shards.followingMoves(async () => {
      const groups = this.shards.group(recipients, (id) => id);
      const refusals = await Promise.all([...groups].map(([shard, ids]) => removeFrom(shard, ids)));
      return refusals.find((refusal) => refusal !== undefined);
    });
  }

  private async attempt(
    owner: () => Database,
    work: () => Promise<unknown>,
  ): Promise<ShardRefusal | undefined> {
    try {
      await this.shards.followingMoves(work);
      return undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (!reason) throw error;
      return { shard: this.shards.numberOf(owner()), reason };
    }
  }
}
