import type { Id } from '../platform/ids/ids.js';

/** What `relationships` needs to know of posts. `posts`, which stands below in the order of imports, provides it. */
export abstract class Timelines {
  /** The id of an author's `posts`-th newest post: from it on, there are so many; `0` when there are fewer. */
  abstract floor(author: Id, posts: number): Promise<Id>;
}
