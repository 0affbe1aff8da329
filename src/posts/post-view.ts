import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import type { GraphFacts } from '../users/graph-view.js';
import { GraphView } from '../users/graph-view.js';
import { Profiles } from '../users/profiles.js';
import type { UserView } from '../users/user-view.js';
import type { PostCard } from './post-card.js';
import { PostCards } from './post-cards.js';

/** A post as clients see one. */
export interface PostView {
  id: Id;
  author: UserView;
  body: string;
  createdAt: string;
  editedAt: string | null;
  mentions: UserView[];
  commentOn: Id | null;
  repostOf: PostView | null;
  counts: { comments: number; loves: number; reposts: number; views: number };
  viewer: { loved: boolean; reposted: boolean };
}

/**
 * Puts together what clients see of a post, as the JSON of a `PostView`.
 * @param author the author's JSON, and `mentions` that of those whom the text mentions
 */
export function postText(card: PostCard, author: string, mentions: readonly string[]): string {
  // Every post is an original so far: there are no comments, reposts and loves to tell of.
  return (
    `{"id":"${card.id}","author":${author},${card.text},"mentions":[${mentions.join(',')}],` +
    `"commentOn":null,"repostOf":null,"counts":${card.counts},"viewer":{"loved":false,"reposted":false}}`
  );
}

/** Posts as a viewer sees them. */
@Injectable()
export class PostViews {
  constructor(
    private readonly cards: PostCards,
    private readonly profiles: Profiles,
    private readonly graph: GraphView,
  ) {}

  /**
   * Posts for ids, in three batches: posts, their people, and how the viewer stands to those. A post that is gone, or
   * whose author has blocked the viewer, is missing from the map.
   * @param keep decides by the author's graph facts whether the viewer is to see a post; by default everything
   */
  async byIds(
    viewer: Id,
    ids: readonly Id[],
    keep?: (facts: GraphFacts, post: PostCard) => boolean,
  ): Promise<Map<Id, PostView>> {
    const texts = await this.texts(viewer, ids, keep);
    return new Map([...texts].map(([id, text]) => [id, JSON.parse(text) as PostView]));
  }

  /** The same as JSON, for those who put a page together from texts. */
  async texts(
    viewer: Id,
    ids: readonly Id[],
    keep: (facts: GraphFacts, post: PostCard) => boolean = () => true,
  ): Promise<Map<Id, string>> {
    const cards = await this.cards.byIds(ids);
    const people = peopleOf(cards.values());
    const asked = this.graph.facts(viewer, people);
    const [facts, users] = await Promise.all([asked, this.profiles.texts(viewer, people, asked)]);
    const factsOf = new Map(people.map((id, index) => [id, facts[index]!]));
    const texts = new Map<Id, string>();
    for (const [id, card] of cards) {
      const author = users.get(card.authorId);
      if (author === undefined || !keep(factsOf.get(card.authorId)!, card)) continue;
      const mentions = card.mentions.flatMap((mention) => users.get(mention) ?? []);
      texts.set(id, postText(card, author, mentions));
    }
    return texts;
  }
}

/** Authors and those mentioned, each once. */
function peopleOf(cards: Iterable<PostCard>): Id[] {
  const people = new Set<Id>();
  for (const { authorId, mentions } of cards) {
    people.add(authorId);
    for (const mention of mentions) people.add(mention);
  }
  return [...people];
}
