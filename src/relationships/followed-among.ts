import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import pLimit from 'p-limit';
import { errorText } from '../platform/error-text.js';
import { compareIds, type Id } from '../platform/ids/ids.js';
import { ChangeLog } from '../platform/redis/change-log.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import type { FollowKind } from '../users/user-view.js';
import { GraphStore } from './graph-store.js';
import { KeptRelationships } from './mirror/kept-relationships.js';
import { Mirror } from './mirror/mirror.js';

const followedAmong = LuaScript.load<string[] | 0 | null>(import.meta.url, './mirror/followed-among.lua');

/** Up to so many candidates go with the question; more are put into Redis once, for all who ask about the same ones. */
const MOST_GIVEN = 64;
const STORED_SECONDS = 120;
/** A stored set is put there again when it is half gone. */
const GOOD_FOR_MS = 60_000;
const MOST_REMEMBERED = 100;
const IDS_PER_COMMAND = 1_000;
const FALLBACKS_AT_A_TIME = 8;

/** Where candidates are: under a key, or in the question itself. */
export interface Placed {
  key: string;
  given: readonly Id[];
}

/** Ids in ascending order, and as numbers. */
interface SortedIds {
  ids: readonly Id[];
  keys: BigInt64Array;
}

/** Finds whom of a list, the same for many viewers, each of them follows: from the mirror, or else from Postgres. */
@Injectable()
export class FollowedAmong {
  private readonly logger = new Logger('FollowedAmong');
  private readonly limit = pLimit(FALLBACKS_AT_A_TIME);
  private readonly digests = new WeakMap<readonly Id[], string>();
  private readonly sorted = new WeakMap<readonly Id[], SortedIds>();
  /** Until when a stored set is surely there, by its key. */
  private readonly stored = new Map<string, number>();

  constructor(
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
    private readonly store: GraphStore,
    private readonly kept: KeptRelationships,
    private readonly log: ChangeLog,
  ) {}

  /** Those of the candidates whom a viewer follows in this way. */
  async find(viewer: Id, kind: FollowKind, candidates: readonly Id[]): Promise<Id[]> {
    if (candidates.length === 0) return [];
    const answer = await this.ask(viewer, candidates).catch((error: unknown) => {
      this.logger.debug(`asked Postgres instead: ${errorText(error)}`);
    });
    if (answer) {
      const end = answer.indexOf('');
      return kind === 'friend' ? answer.slice(0, end) : answer.slice(end + 1);
    }
    const follows = await this.limit(() => this.store.followsOf(viewer, candidates));
    return follows.filter((follow) => follow.kind === kind).map(({ subjectId }) => subjectId);
  }

  /**
   * The same for a viewer of whose relationships this process has a copy, as of a catch-up that is begun now.
   * @param candidates the same object for the same candidates
   * @returns undefined when there is no copy
   */
  findAtHand(viewer: Id, kind: FollowKind, candidates: readonly Id[]): Promise<Id[]> | undefined {
    if (candidates.length === 0 || !this.kept.has(viewer)) return undefined;
    return this.kept.of(viewer, this.log.catchUp()).then((codes) => {
      if (!codes) return this.find(viewer, kind, candidates);
      const { ids, keys } = this.inOrder(candidates);
      return codes.placesFollowed(kind, keys).map((place) => ids[place]!);
    });
  }

  private inOrder(candidates: readonly Id[]): SortedIds {
    const known = this.sorted.get(candidates);
    if (known) return known;
    const ids = candidates.toSorted(compareIds);
    const sorted = { ids, keys: BigInt64Array.from(ids, BigInt) };
    this.sorted.set(candidates, sorted);
    return sorted;
  }

  private async ask(viewer: Id, candidates: readonly Id[]): Promise<string[] | undefined> {
    const { keys } = this.mirror;
    const { key, given } = await this.place(candidates);
    const args = [keys.root, viewer, key, ...given];
    const answer = await followedAmong.run(this.redis.client, [keys.epoch], args);
    if (answer === 0) this.forget(key);
    return answer === 0 || answer === null ? undefined : answer;
  }

  /** Where scripts find the mirror: the key of its epoch, and what its other keys start with. */
  get graph(): { epoch: string; root: string } {
    return this.mirror.keys;
  }

  /** Where scripts find candidates: few go with the question, more lie under a key. */
  place(candidates: readonly Id[]): Placed | Promise<Placed> {
    return candidates.length <= MOST_GIVEN
      ? { key: '', given: candidates }
      : this.put(candidates).then((key) => ({ key, given: [] }));
  }

  /** Puts candidates anew the next time: their key turned out to be gone. */
  forget(key: string): void {
    this.stored.delete(key);
  }

  /** Puts candidates into Redis, unless they are there; under a key that is the same in every process. */
  private async put(candidates: readonly Id[]): Promise<string> {
    const key = this.mirror.keys.candidates(this.digest(candidates));
    if ((this.stored.get(key) ?? 0) > performance.now()) return key;
    const pipeline = this.redis.client.pipeline();
    for (let start = 0; start < candidates.length; start += IDS_PER_COMMAND)
      pipeline.sadd(key, ...candidates.slice(start, start + IDS_PER_COMMAND));
    pipeline.expire(key, STORED_SECONDS);
    const failure = (await pipeline.exec())?.find(([error]) => error)?.[0];
    if (failure) throw failure;
    if (this.stored.size >= MOST_REMEMBERED) this.stored.clear();
    this.stored.set(key, performance.now() + GOOD_FOR_MS);
    return key;
  }

  private digest(candidates: readonly Id[]): string {
    const known = this.digests.get(candidates);
    if (known) return known;
    const digest = createHash('sha1').update(candidates.join()).digest('base64url');
    this.digests.set(candidates, digest);
    return digest;
  }
}
