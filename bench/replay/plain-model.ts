import { codeOfKind, STREAMS } from '../../src/activities/activity.js';
import { compareIds, type Id } from '../../src/platform/ids/ids.js';

export interface ModelPost {
  author: Id;
  /** For a repost without words, what it reposts. */
  repostOf?: Id | undefined;
  commentOn?: Id | undefined;
}

/** A row of the activities, as one text. */
export const rowText = (row: {
  recipient: Id;
  stream: number;
  kind: number;
  entry: Id;
  actor: Id;
  subject: Id;
}): string => `${row.recipient} ${row.stream} ${row.kind} ${row.entry} ${row.actor} ${row.subject}`;

/** What should be there after the run: worked out in memory from who follows whom and what was answered, and nothing else. */
export class PlainModel {
  readonly posts = new Map<Id, ModelPost>();
  private readonly followers = new Map<Id, Id[]>();
  private readonly following = new Map<Id, Set<Id>>();
  private readonly byAuthor = new Map<Id, Id[]>();
  private readonly mentions: { actor: Id; mentioned: Id; post: Id }[] = [];

  constructor(follows: readonly (readonly [Id, Id])[]) {
    for (const [owner, subject] of follows) {
      entry(this.followers, subject, () => []).push(owner);
      entry(this.following, owner, () => new Set()).add(subject);
    }
  }

  /** Whoever follows anybody. */
  get readers(): Id[] {
    return [...this.following.keys()];
  }

  /** Takes down a post that was answered with 201; a repost that had been made before comes again and is one. */
  add(id: Id, post: ModelPost, mentioned?: Id): void {
    if (this.posts.has(id)) return;
    this.posts.set(id, post);
    if (post.commentOn === undefined) entry(this.byAuthor, post.author, () => []).push(id);
    if (mentioned !== undefined && mentioned !== post.author)
      this.mentions.push({ actor: post.author, mentioned, post: id });
  }

  /** One of those who are to see a post in their feed; `pick` chooses. */
  readerOf(id: Id, pick: (readers: readonly Id[]) => Id): Id | undefined {
    const { author } = this.posts.get(id)!;
    const readers = (this.followers.get(author) ?? []).filter((reader) => this.shows(reader, id));
    return readers.length === 0 ? undefined : pick(readers);
  }

  /** The whole feed of a reader, newest first. */
  feedOf(reader: Id): Id[] {
    const ids = [...(this.following.get(reader) ?? [])].flatMap((author) => this.byAuthor.get(author) ?? []);
    return ids.filter((id) => this.shows(reader, id)).sort((a, b) => compareIds(b, a));
  }

  /** Every row that should lie on the shards: of posts, and of notifications. */
  *rows(): Generator<string> {
    const post = codeOfKind('post');
    for (const [id, { author, repostOf, commentOn }] of this.posts) {
      const row = { entry: id, actor: author, subject: id };
      if (commentOn === undefined)
        for (const recipient of this.followers.get(author) ?? [])
          yield rowText({ ...row, recipient, stream: STREAMS.friends, kind: post });
      const reactedTo = repostOf ?? commentOn;
      const owner = reactedTo === undefined ? undefined : this.posts.get(reactedTo)!.author;
      if (owner === undefined || owner === author) continue;
      const kind = codeOfKind(commentOn === undefined ? 'repost' : 'comment');
      const subject = repostOf ?? id;
      yield rowText({ ...row, subject, recipient: owner, stream: STREAMS.notifications, kind });
    }
    for (const { actor, mentioned, post: id } of this.mentions) {
      const kind = codeOfKind('mention');
      yield rowText({
        entry: id,
        actor,
        subject: id,
        recipient: mentioned,
        stream: STREAMS.notifications,
        kind,
      });
    }
  }

  /** How many comments and reposts each post that has any should have. */
  counts(): Map<Id, { comments: number; reposts: number }> {
    const counts = new Map<Id, { comments: number; reposts: number }>();
    for (const { repostOf, commentOn } of this.posts.values()) {
      const of = (id: Id) => entry(counts, id, () => ({ comments: 0, reposts: 0 }));
      if (commentOn !== undefined) of(commentOn).comments++;
      if (repostOf !== undefined) of(repostOf).reposts++;
    }
    return counts;
  }

  /** A repost is not for whoever follows the author of what it reposts: they have the post. */
  private shows(reader: Id, id: Id): boolean {
    const { repostOf } = this.posts.get(id)!;
    return repostOf === undefined || !this.following.get(reader)!.has(this.posts.get(repostOf)!.author);
  }
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
