import { Injectable, Logger } from '@nestjs/common';
import pLimit from 'p-limit';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { errorText } from '../platform/error-text.js';
import { Problem } from '../platform/http/problem.js';
import type { Page } from '../platform/http/page.js';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Profiles } from '../users/profiles.js';
import type { UserView } from '../users/user-view.js';
import { MostFollowed } from './most-followed.js';
import { MirroredSuggestions } from './recommendations/mirrored-suggestions.js';
import {
  MOST_NAMED,
  MOST_SUGGESTIONS,
  type Suggestion,
  type Suggestions,
} from './recommendations/suggestion.js';

/** What the mirror answers, from the truth: whose suggestions, how many, and how many followers of each are named. */
export const friendsOfFriends = sqlFile<Suggestion>(
  import.meta.url,
  './recommendations/friends-of-friends.sql',
);

export type { Suggestions };

/** How many answers may be worked out by Postgres at a time while the mirror cannot, and how many wait for it at most. */
const FALLBACKS_AT_A_TIME = 4;
const MOST_WAITING = 200;
/** How many more than are shown are at hand, because some may turn out to be hidden. */
const SPARE = 10;
/** How many of those who follow somebody recommended are named. */
const NAMED = 3;

/** Somebody to follow, and who of those whom the viewer follows follow them. */
export interface RecommendationView {
  user: UserView;
  followedBy: { count: number; users: Pick<UserView, 'id' | 'username' | 'name'>[] };
}

/**
 * Whom a viewer may want to follow: those followed by most of the people whom the viewer follows, as friend or as noise.
 * Left out are the viewer, whom they follow, block or mute already, who blocks them, who was dismissed and who is gone.
 */
@Injectable()
export class Recommendations {
  private readonly logger = new Logger('Recommendations');
  private readonly limit = pLimit(FALLBACKS_AT_A_TIME);

  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly mirrored: MirroredSuggestions,
    private readonly mostFollowed: MostFollowed,
    private readonly profiles: Profiles,
    private readonly metrics: Metrics,
  ) {}

  /** One page, best first; where nobody follows anybody whom the viewer could follow, the most followed. */
  async page(viewer: Id, limit: number): Promise<Page<RecommendationView>> {
    const { list, isWhole } = await this.suggestions(viewer, limit);
    const suggestions = list.length > 0 ? list : await this.mostFollowed.suggestions(viewer, limit);
    const data = await this.present(viewer, suggestions, limit);
    return { data, page: { next: null, complete: isWhole } };
  }

  /**
   * The ids, counts and followers alone.
   * @param shown how many of them will be shown; there are more, if there are any, because some may turn out to be hidden
   * @throws Problem `overloaded`
   */
  async suggestions(viewer: Id, shown: number): Promise<Suggestions> {
    const found = await this.mirrored.of(viewer, shown + SPARE).catch((error: unknown) => {
      this.logger.debug(`read from Postgres instead: ${errorText(error)}`);
      return undefined;
    });
    if (found) return found;
    this.metrics.mirrorFallbacks.inc({ reason: 'recommendations' });
    if (this.limit.pendingCount >= MOST_WAITING) throw new Problem('overloaded');
    const list = await this.limit(() =>
      this.primary.query(friendsOfFriends, [viewer, MOST_SUGGESTIONS, MOST_NAMED]),
    );
    return { list, isWhole: true };
  }

  /** Who turns out to be hidden (a block that is on its way to the mirror, a deleted account) is replaced by the next. */
  private async present(
    viewer: Id,
    suggestions: readonly Suggestion[],
    limit: number,
  ): Promise<RecommendationView[]> {
    const data: RecommendationView[] = [];
    for (let start = 0; start < suggestions.length && data.length < limit; start += limit) {
      const batch = suggestions.slice(start, start + limit);
      const ids = batch.flatMap(({ id, followers }) => [id, ...followers]);
      const views = await this.profiles.byIds(viewer, ids);
      for (const { id, count, followers } of batch) {
        const user = views.get(id);
        if (user?.relationship.kind !== null || data.length === limit) continue;
        const users = followers.flatMap((follower) => views.get(follower) ?? []).slice(0, NAMED);
        data.push({ user, followedBy: { count, users: users.map(named) } });
      }
    }
    return data;
  }
}

const named = ({ id, username, name }: UserView) => ({ id, username, name });
