import { Injectable, Logger } from '@nestjs/common';
import { errorText } from '../../platform/error-text.js';
import type { Id } from '../../platform/ids/ids.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { LuaScript } from '../../platform/redis/script.js';
import { Dismissals } from '../dismissals.js';
import { Mirror } from '../mirror/mirror.js';
import { MirrorReader } from '../mirror/mirror-reader.js';
import { IDS_PER_SCAN, MirroredFollowing } from './mirrored-following.js';
import { inDrawingOrder } from './sample.js';
import {
  byRank,
  compareIds,
  MOST_NAMED,
  MOST_SUGGESTIONS,
  readSuggestions,
  type Suggestion,
  type Suggestions,
  writeSuggestions,
} from './suggestion.js';

type Opened = [
  epoch: string,
  missing: string,
  version: string,
  stamp: string,
  ready: string | null,
  cursor: string,
  ...following: Id[],
];

const openRecommendations = LuaScript.load<Opened | null>(import.meta.url, './open-recommendations.lua');
const drawCandidates = LuaScript.load<[number, ...Id[]]>(import.meta.url, './draw-candidates.lua');
const countFollowers = LuaScript.load<[string, ...(number | string)[]]>(
  import.meta.url,
  './count-followers.lua',
);

/** How many members one union may have: about 2 ms of Redis. */
const UNION_BUDGET = 4_000;
/** How many candidates it yields: more than an answer holds, since those drawn from a sample come in its order only. */
const CANDIDATES = 100;
/** From how many of those followed they may come. */
const MOST_DRAWN = 500;
/** How many of those followed are asked for all candidates in one call: 1 to 2 ms. */
const ASKED_PER_CALL = 400;
/** Up to so many followed ones, a list that lies ready is compared with the versions of all of them. */
const MOST_COMPARED = 30;
/** How long a list lies ready, and so how late it may be for those who follow more than that. */
const READY_MS = 60_000;

/**
 * Suggestions by set algebra in the mirror. A union that counts, of the sets of as many followed ones as a budget
 * allows, yields candidates; then everyone followed is asked for each of them, which makes their counts exact. No call
 * holds Redis up for long. The outcome lies ready until the viewer's version, or one of those they follow, moves on.
 */
@Injectable()
export class MirroredSuggestions {
  private readonly logger = new Logger('Recommendations');

  constructor(
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
    private readonly reader: MirrorReader,
    private readonly following: MirroredFollowing,
    private readonly dismissals: Dismissals,
  ) {}

  /**
   * @param most how many of a list that lies ready are read
   * @returns undefined when the mirror cannot answer
   */
  async of(viewer: Id, most: number): Promise<Suggestions | undefined> {
    const { keys } = this.mirror;
    const args = [keys.root, viewer, MOST_COMPARED, IDS_PER_SCAN];
    const opened = await openRecommendations.run(this.redis.client, [keys.epoch], args);
    if (!opened) return undefined;
    const [epoch, missing, version, stamp, ready, cursor, ...page] = opened;
    if (missing !== '') {
      this.reader.refill(missing.split(' '));
      return undefined;
    }
    if (ready !== null) return readSuggestions(ready, most);
    // Read after the version: what is newer than it makes the list that lies ready invalid, never too old.
    const [following, dismissed] = await Promise.all([
      this.following.read(epoch, viewer, cursor, page),
      this.dismissals.of(viewer),
    ]);
    const found = await this.find(epoch, viewer, following, dismissed);
    if (found) this.keep(epoch, viewer, version, stamp, found);
    return found;
  }

  private async find(
    epoch: string,
    viewer: Id,
    following: readonly Id[],
    dismissed: readonly Id[],
  ): Promise<Suggestions | undefined> {
    if (following.length === 0) return { list: [], isWhole: true };
    const drawn = inDrawingOrder(following, viewer).slice(0, MOST_DRAWN);
    const { keys } = this.mirror;
    const sizes = [UNION_BUDGET, CANDIDATES, dismissed.length];
    const args = [keys.root, epoch, viewer, ...sizes, ...dismissed, ...drawn];
    const [all, ...candidates] = await drawCandidates.run(this.redis.client, [keys.epoch], args);
    const list = candidates.length === 0 ? [] : await this.count(epoch, viewer, candidates, following);
    return list && { list, isWhole: all === 1 && drawn.length === following.length };
  }

  /** Asks everyone followed whether they follow the candidates, some at a time. */
  private async count(
    epoch: string,
    viewer: Id,
    candidates: readonly Id[],
    following: readonly Id[],
  ): Promise<Suggestion[] | undefined> {
    const { keys } = this.mirror;
    const found = candidates.map((id): Suggestion => ({ id, count: 0, followers: [] }));
    for (let start = 0; start < following.length; start += ASKED_PER_CALL) {
      const asked = following.slice(start, start + ASKED_PER_CALL);
      const args = [keys.root, epoch, viewer, MOST_NAMED, candidates.length, ...candidates, ...asked];
      const [missing, ...counted] = await countFollowers.run(this.redis.client, [keys.epoch], args);
      if (missing !== '') {
        this.reader.refill(missing.split(' '));
        return undefined;
      }
      for (const [index, suggestion] of found.entries()) {
        suggestion.count += counted[index * 2] as number;
        const names = counted[index * 2 + 1] as string;
        if (names !== '') suggestion.followers.push(...names.split(' '));
      }
    }
    for (const suggestion of found)
      suggestion.followers = suggestion.followers.sort(compareIds).slice(0, MOST_NAMED);
    return found
      .filter(({ count }) => count > 0)
      .sort(byRank)
      .slice(0, MOST_SUGGESTIONS);
  }

  private keep(epoch: string, viewer: Id, version: string, stamp: string, found: Suggestions): void {
    const key = this.mirror.keys.suggestions(epoch, viewer);
    this.redis.client
      .multi()
      .hset(key, { version, stamp, list: writeSuggestions(found) })
      .pexpire(key, READY_MS)
      .exec()
      .catch((error: unknown) => this.logger.debug(`not kept ready: ${errorText(error)}`));
  }
}
