import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Outbox, type OutboxBacklog } from '../platform/outbox/outbox.js';
import { postPublished } from '../posts/post-published.js';
import { GraphView } from '../users/graph-view.js';

const chunkBacklog = sqlFile<{ rows: string }>(import.meta.url, './sql/chunk-backlog.sql');
const plannedFanouts = sqlFile<{ post_id: Id }>(import.meta.url, './sql/planned-fanouts.sql');

/** How many posts the mean audience is taken from. */
const SAMPLE = 100;

/**
 * How many activities are still to be written. Large audiences whose chunks are planned are known; of the posts that
 * nobody has begun with, the latest stand for all; everything else concerns one recipient, or a few.
 */
@Injectable()
export class BacklogEstimate {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
    private readonly graph: GraphView,
  ) {}

  async rows(topics: readonly OutboxBacklog[]): Promise<number> {
    const intents = topics.reduce((sum, topic) => sum + topic.rows, 0);
    const posts = topics.find(({ topic }) => topic === postPublished.name)?.rows ?? 0;
    if (posts === 0) return intents;
    const [[chunks], perPost] = await Promise.all([this.primary.query(chunkBacklog), this.rowsPerPost()]);
    return Math.round(intents - posts + Number(chunks!.rows) + posts * perPost);
  }

  /** Rows of a post on average, beside those of planned chunks. */
  private async rowsPerPost(): Promise<number> {
    const { payloads: sample } = await this.outbox.pending(postPublished, SAMPLE);
    if (sample.length === 0) return 0;
    const ids = sample.map(({ postId }) => postId);
    const planned = new Set((await this.primary.query(plannedFanouts, [ids])).map((row) => row.post_id));
    const authors = sample.filter(({ postId }) => !planned.has(postId)).map(({ authorId }) => authorId);
    if (authors.length === 0) return 0;
    const distinct = [...new Set(authors)];
    const facts = await this.graph.facts(distinct[0]!, distinct);
    const followers = new Map(distinct.map((author, index) => [author, facts[index]!.followers]));
    return authors.reduce((sum, author) => sum + followers.get(author)!, 0) / sample.length;
  }
}
