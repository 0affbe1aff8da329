import type { Id } from '../platform/ids/ids.js';

/**
 * The keys of what is new. All of them can be lost: then whoever polls is told to read, and whoever listens to begin anew.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `live:era` | string | changes when somebody may not have been told of something |
 * | `live:watching`, `live:listening` | sorted sets | who polls or listens, and who listens, by the millisecond until which |
 * | `live:{id}:mark` | string | a text that is drawn when somebody begins to poll |
 * | `live:{id}:friends`, `:noise`, `:notifications` | sorted sets | the entries that came last, by when they came |
 * | `live:{id}:log` | stream | what came, for who listens; the channel of the same name tells of each |
 * | `live:{id}:name` | string | a text that is drawn when the log begins |
 * | `live:author:<id>` | sorted set | the last posts of an author that are not written for each follower |
 */
export class LiveKeys {
  constructor(private readonly prefix: string) {}

  get root(): string {
    return `${this.prefix}live:`;
  }

  get era(): string {
    return `${this.root}era`;
  }

  get watching(): string {
    return `${this.root}watching`;
  }

  get listening(): string {
    return `${this.root}listening`;
  }

  author(author: Id): string {
    return `${this.root}author:${author}`;
  }

  log(user: Id): string {
    return `${this.root}{${user}}:log`;
  }
}
