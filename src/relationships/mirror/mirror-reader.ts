import { Injectable, Logger } from '@nestjs/common';
import type { ChainableCommander } from 'ioredis';
import pLimit from 'p-limit';
import type { Id } from '../../platform/ids/ids.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { type GraphFacts, GraphView } from '../../users/graph-view.js';
import { GraphStore } from '../graph-store.js';
import { Mirror } from './mirror.js';

/** How many reads may go to Postgres at a time while the mirror cannot answer. */
const FALLBACKS_AT_A_TIME = 8;
const COMMANDS_PER_USER = 4;

/**
 * Answers questions about the graph from the mirror, in one pipeline. What the mirror cannot answer (it is away, being
 * rebuilt, or lacks a user) is read from Postgres, a bounded number at a time, and the missing users are loaded.
 */
@Injectable()
export class MirrorReader extends GraphView {
  private readonly logger = new Logger('Mirror');
  private readonly limit = pLimit(FALLBACKS_AT_A_TIME);
  private epoch = '';

  constructor(
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
    private readonly store: GraphStore,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  async facts(viewer: Id, users: readonly Id[]): Promise<GraphFacts[]> {
    if (users.length === 0) return [];
    try {
      const answer = (await this.read(viewer, users)) ?? (await this.read(viewer, users));
      if (answer?.missing.length === 0) return answer.facts;
      if (answer) this.refill(answer.missing);
      this.metrics.mirrorFallbacks.inc({ reason: answer ? 'user missing' : 'no epoch' });
    } catch (error) {
      this.metrics.mirrorFallbacks.inc({ reason: 'redis' });
      this.logger.debug(`read from Postgres instead: ${String(error)}`);
    }
    return this.limit(() => this.store.facts(viewer, users));
  }

  /** @returns undefined when the epoch was not (or is no longer) the current one; a second call then asks the new one */
  private async read(viewer: Id, users: readonly Id[]) {
    const { keys } = this.mirror;
    const { epoch } = this;
    const pipeline = this.redis.client.pipeline();
    for (const set of ['friends', 'noise', 'blocks', 'mutes'] as const) {
      pipeline.smismember(keys.set(epoch, viewer, set), ...users);
    }
    pipeline.hget(keys.counts(epoch, viewer), 'version');
    for (const user of users) this.queueUser(pipeline, viewer, user);
    pipeline.hget(keys.epoch, 'current');
    const results = unwrap(await pipeline.exec());
    const current = results.at(-1) as string | null;
    if (current !== epoch) {
      this.epoch = current ?? '';
      return undefined;
    }
    return current === '' ? undefined : interpret(viewer, users, results);
  }

  private queueUser(pipeline: ChainableCommander, viewer: Id, user: Id): void {
    const { keys } = this.mirror;
    pipeline.hmget(keys.counts(this.epoch, user), 'version', 'followers', 'friends', 'noise');
    pipeline.sismember(keys.set(this.epoch, user, 'friends'), viewer);
    pipeline.sismember(keys.set(this.epoch, user, 'noise'), viewer);
    pipeline.sismember(keys.set(this.epoch, user, 'blocks'), viewer);
  }

  private refill(users: Id[]): void {
    void this.limit(() => this.mirror.load(this.epoch, users)).catch((error: unknown) =>
      this.logger.debug(`could not refill the mirror: ${String(error)}`),
    );
  }
}

function unwrap(results: [error: Error | null, result: unknown][] | null): unknown[] {
  const failure = results?.find(([error]) => error)?.[0];
  if (failure || !results) throw failure ?? new Error('the pipeline was discarded');
  return results.map(([, result]) => result);
}

function interpret(
  viewer: Id,
  users: readonly Id[],
  results: unknown[],
): { facts: GraphFacts[]; missing: Id[] } {
  const [friends, noise, blocks, mutes] = results as [number[], number[], number[], number[]];
  const missing = results[4] === null ? [viewer] : [];
  const facts = users.map((user, index): GraphFacts => {
    const at = 5 + index * COMMANDS_PER_USER;
    const [version, followers, friendCount, noiseCount] = results[at] as (string | null)[];
    if (version === null) missing.push(user);
    const kinds = { friend: friends[index], noise: noise[index], block: blocks[index], mute: mutes[index] };
    const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find((name) => kinds[name] === 1) ?? null;
    return {
      followers: Number(followers ?? 0),
      friends: Number(friendCount ?? 0),
      noise: Number(noiseCount ?? 0),
      kind,
      followsMe: results[at + 1] === 1 || results[at + 2] === 1,
      blocksMe: results[at + 3] === 1,
    };
  });
  return { facts, missing };
}
