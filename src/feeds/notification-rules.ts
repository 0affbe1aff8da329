import { Injectable } from '@nestjs/common';
import type { Activity } from '../activities/activity.js';
import type { Id } from '../platform/ids/ids.js';
import { type PostRow, PostStore } from '../posts/post-store.js';
import type { Reactions } from '../posts/post-text.js';
import { ReactionStore } from '../posts/reaction-store.js';
import { GraphView, type Standing } from '../users/graph-view.js';
import { UserStore } from '../users/user-store.js';

/** What there is to know of some notifications before it can be said which of them still hold. */
interface Evidence {
  viewer: Id;
  standings: ReadonlyMap<Id, Standing>;
  posts: ReadonlyMap<Id, Readonly<PostRow>>;
  /** What the actor of a notification did with the post that it is about. */
  reactions: ReadonlyMap<Activity, Reactions>;
}

/**
 * Which notifications are to be seen: none from people who are gone, who block or are blocked or muted, and none whose
 * cause was undone. It is decided at each read, so that it holds at once, and what is done again shows again.
 */
@Injectable()
export class NotificationRules {
  constructor(
    private readonly graph: GraphView,
    private readonly users: UserStore,
    private readonly posts: PostStore,
    private readonly reactions: ReactionStore,
  ) {}

  /** Those of the notifications that the viewer is to see, in their order. */
  async visible(viewer: Id, activities: readonly Activity[]): Promise<Activity[]> {
    if (activities.length === 0) return [];
    const actors = [...new Set(activities.map(({ actorId }) => actorId))];
    const [standings, users, posts, reactions] = await Promise.all([
      this.graph.standings(viewer, actors),
      this.users.byIds(actors),
      this.postsBehind(activities),
      this.reactionsBehind(activities),
    ]);
    const standingOf = new Map(actors.map((id, index) => [id, standings[index]!]));
    const evidence = { viewer, standings: standingOf, posts, reactions };
    return activities.filter((activity) => users.has(activity.actorId) && holds(activity, evidence));
  }

  /** The posts that notifications are about, and those that they comment on. */
  private async postsBehind(activities: readonly Activity[]): Promise<Map<Id, Readonly<PostRow>>> {
    const subjects = activities.filter(({ kind }) => kind !== 'follow').map(({ subjectId }) => subjectId);
    const posts = await this.posts.byIds([...new Set(subjects)]);
    const parents = [...posts.values()].flatMap((post) => post.comment_on ?? []);
    return parents.length > 0 ? new Map([...posts, ...(await this.posts.byIds(parents))]) : posts;
  }

  private async reactionsBehind(activities: readonly Activity[]): Promise<Map<Activity, Reactions>> {
    const asked = activities.filter(({ kind }) => kind === 'love' || kind === 'repost');
    const pairs = asked.map(({ subjectId, actorId }) => ({ postId: subjectId, userId: actorId }));
    const found = pairs.length > 0 ? await this.reactions.of(pairs) : [];
    return new Map(asked.map((activity, index) => [activity, found[index]!]));
  }
}

function holds(activity: Activity, { viewer, standings, posts, reactions }: Evidence): boolean {
  const { kind, actorId, subjectId } = activity;
  const standing = standings.get(actorId)!;
  if (standing.blocksMe || standing.kind === 'block' || standing.kind === 'mute') return false;
  if (kind === 'follow') return standing.followsMe;
  const post = posts.get(subjectId);
  if (!post) return false;
  if (kind === 'mention') return post.mentions.includes(viewer);
  if (kind === 'comment') return post.comment_on !== null && posts.has(post.comment_on);
  if (kind === 'love') return reactions.get(activity)!.loved;
  // A repost with words of one's own is a post by itself; one without is known by what it reposts.
  return post.author_id === actorId || reactions.get(activity)!.reposted;
}
