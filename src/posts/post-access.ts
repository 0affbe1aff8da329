import { Injectable } from '@nestjs/common';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { GraphView } from '../users/graph-view.js';
import { type PostRow, PostStore } from './post-store.js';

/** Which posts somebody may see and react to. */
@Injectable()
export class PostAccess {
  constructor(
    private readonly store: PostStore,
    private readonly graph: GraphView,
  ) {}

  /**
   * A post that the viewer may see.
   * @throws Problem `not-found` when there is none, or a block hides it, or what it reposts without words
   */
  async find(viewer: Id, id: Id): Promise<Readonly<PostRow>> {
    const row = await this.findOne(viewer, id);
    if (row.body === '' && row.repost_of !== null) await this.findOne(viewer, row.repost_of);
    return row;
  }

  private async findOne(viewer: Id, id: Id): Promise<Readonly<PostRow>> {
    const row = (await this.store.byIds([id])).get(id);
    const [standing] = row ? await this.graph.standings(viewer, [row.author_id]) : [];
    if (!row || !standing || standing.blocksMe || standing.kind === 'block')
      throw new Problem('not-found', 'There is no such post.');
    return row;
  }
}
