import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { idList, sqlFile } from '../platform/database/sql.js';
import { type Id, MAX_ID } from '../platform/ids/ids.js';
import { Timelines } from '../relationships/timelines.js';

/** An author, and the oldest of their posts that somebody is to have. */
export interface AuthorFloor {
  subjectId: Id;
  floor: Id;
}

/** A post in somebody's timeline. */
export interface TimelinePost {
  id: Id;
  authorId: Id;
}

const postFloor = sqlFile<{ floor: Id }>(import.meta.url, './sql/post-floor.sql');
const authorTimelines = sqlFile<[Id, Id[]]>(import.meta.url, './sql/author-timelines.sql');
const timelinesPage = sqlFile<[Id, Id]>(import.meta.url, './sql/timelines-page.sql');

/** Authors' posts in their order, without their comments: what goes into feeds. */
@Injectable()
export class TimelineStore extends Timelines {
  constructor(private readonly primary: PrimaryDatabase) {
    super();
  }

  async floor(author: Id, posts: number): Promise<Id> {
    return (await this.primary.query(postFloor, [author, posts]))[0]!.floor;
  }

  /** The newest posts of each of some authors, at most `count`, newest first. */
  async newest(authors: readonly Id[], count: number): Promise<{ id: Id; posts: Id[] }[]> {
    const rows = await this.primary.sharedTuples(authorTimelines, [idList(authors), count]);
    return rows.map(([id, posts]) => ({ id, posts }));
  }

  /** The posts of several authors, newest first, below `before`, at most `limit`. */
  async page(
    authors: readonly AuthorFloor[],
    before: Id | undefined,
    limit: number,
  ): Promise<TimelinePost[]> {
    if (authors.length === 0) return [];
    const ids = idList(authors.map(({ subjectId }) => subjectId));
    const floors = idList(authors.map(({ floor }) => floor));
    const rows = await this.primary.tuples(timelinesPage, [ids, floors, before ?? MAX_ID, limit]);
    return rows.map(([id, authorId]) => ({ id, authorId }));
  }
}
