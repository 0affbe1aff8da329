import { type Id, timeOfId } from '../platform/ids/ids.js';
import type { Person } from '../users/person.js';
import type { VisibleUser } from '../users/profiles.js';
import type { RelationshipKind } from '../users/user-view.js';

/** What of a post stands in its text, and those that were made of it. */
export interface PostContent {
  id: Id;
  /** Empty for a repost without words of the reposter's own, and for nothing else. */
  body: string;
  edited_at: Date | null;
  comment_on: Id | null;
  comments_count: number;
  loves_count: number;
  reposts_count: number;
  views_count: number;
  /** Once one was made. It may be added to a post that others have as well. */
  texts: PostTexts | undefined;
}

/** What one user did with one post. */
export interface Reactions {
  loved: boolean;
  reposted: boolean;
}

/** The JSON text of a post as clients see one, and what is said of it elsewhere. */
export interface PostText {
  id: Id;
  createdAt: string;
  json: string;
  /** The bytes of an entry in a feed that shows it in its own place, once one was put together. */
  entry: Buffer | undefined;
}

/** A text with no more in it than the author and the post, and for which viewers it is right. */
interface KeptText extends PostText {
  author: Person;
  kind: RelationshipKind | null;
  followsMe: boolean;
}

/** Texts of a post: what of them is the same for all viewers, and whole ones that were made last. */
export class PostTexts {
  /** The text that was made last, and the one before: those whom the author follows see another one than the others. */
  private last: KeptText | undefined;
  private other: KeptText | undefined;
  private readonly createdAt: string;
  /** Up to the author. */
  private readonly head: string;
  /** From there up to whom it mentions. */
  private readonly body: string;
  /** From there up to what it reposts. */
  private readonly place: string;
  /** From there on, but for what the viewer did with it. */
  private readonly counts: string;

  constructor(private readonly row: Readonly<PostContent>) {
    const { id, body, edited_at, comment_on } = row;
    this.createdAt = timeOfId(id).toISOString();
    const text = { body, createdAt: this.createdAt, editedAt: edited_at?.toISOString() ?? null };
    const counts = {
      comments: row.comments_count,
      loves: row.loves_count,
      reposts: row.reposts_count,
      views: row.views_count,
    };
    this.head = `{"id":${JSON.stringify(id)},"author":`;
    this.body = `,${JSON.stringify(text).slice(1, -1)},"mentions":[`;
    this.place = `],"commentOn":${JSON.stringify(comment_on)},"repostOf":`;
    this.counts = `,"counts":${JSON.stringify(counts)}}`;
  }

  of(
    { person, standing: { kind, followsMe } }: VisibleUser,
    mentions: readonly VisibleUser[],
    repostOf: PostText | null,
    reactions: Reactions,
  ): PostText {
    const isPlain = mentions.length === 0 && repostOf === null && !reactions.loved && !reactions.reposted;
    if (isPlain) {
      const { last, other } = this;
      if (last?.author === person && last.kind === kind && last.followsMe === followsMe) return last;
      if (other?.author === person && other.kind === kind && other.followsMe === followsMe) return other;
    }
    const author = person.textFor({ kind, followsMe });
    const json = this.putTogether(author, mentions, repostOf, reactions);
    const { createdAt } = this;
    const { id } = this.row;
    if (!isPlain) return { entry: undefined, createdAt, id, json };
    this.other = this.last;
    // Written out: V8 gives every object that is spread into another one a hidden class of its own.
    this.last = { author: person, kind, followsMe, entry: undefined, createdAt, id, json };
    return this.last;
  }

  private putTogether(
    author: string,
    mentions: readonly VisibleUser[],
    repostOf: PostText | null,
    { loved, reposted }: Reactions,
  ): string {
    const mentioned = mentions.map(({ person, standing }) => person.textFor(standing)).join();
    const viewer = `,"viewer":{"loved":${loved},"reposted":${reposted}}`;
    const original = repostOf?.json ?? 'null';
    // Joined, unlike added, it lies in one piece.
    return [this.head, author, this.body, mentioned, this.place, original, viewer, this.counts].join('');
  }
}

/** The JSON text of what `presentPost` puts together. What is kept for the next one is kept with the row. */
export function postText(
  row: Readonly<PostContent>,
  author: VisibleUser,
  mentions: readonly VisibleUser[],
  repostOf: PostText | null,
  reactions: Reactions,
): PostText {
  const post: PostContent = row;
  post.texts ??= new PostTexts(row);
  return post.texts.of(author, mentions, repostOf, reactions);
}
