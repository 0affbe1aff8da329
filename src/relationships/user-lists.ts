import { Injectable } from '@nestjs/common';
import { Cursor } from '../platform/http/cursor.js';
import { cutPage, type Page } from '../platform/http/page.js';
import type { PageQuery } from '../platform/http/page.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { Profiles } from '../users/profiles.js';
import type { RelationshipKind, UserView } from '../users/user-view.js';
import { GraphStore } from './graph-store.js';

/**
 * Followers, following, blocks and mutes, ordered by the listed user's id, newest accounts first: a place in that order
 * never changes, so pages stay right while people come and go. A page may be short of somebody who blocked the viewer.
 */
@Injectable()
export class UserLists {
  constructor(
    private readonly store: GraphStore,
    private readonly profiles: Profiles,
  ) {}

  async followers(viewer: Id, idOrName: string, query: PageQuery): Promise<Page<UserView>> {
    const { id } = await this.profiles.find(viewer, idOrName);
    return this.page(viewer, 'followers', query, (before, limit) => this.store.followers(id, before, limit));
  }

  async following(
    viewer: Id,
    idOrName: string,
    kinds: readonly RelationshipKind[],
    query: PageQuery,
  ): Promise<Page<UserView>> {
    const { id } = await this.profiles.find(viewer, idOrName);
    return this.page(viewer, 'following', query, (before, limit) =>
      this.store.subjects(id, kinds, before, limit),
    );
  }

  /** Whom the viewer blocks, or mutes. */
  own(viewer: Id, kind: 'block' | 'mute', query: PageQuery): Promise<Page<UserView>> {
    return this.page(viewer, kind, query, (before, limit) => this.store.hidden(viewer, kind, before, limit));
  }

  private async page(
    viewer: Id,
    list: string,
    { cursor, limit }: PageQuery,
    read: (before: Id | undefined, limit: number) => Promise<Id[]>,
  ): Promise<Page<UserView>> {
    const ids = await read(Cursor.read(list, cursor)?.position[0], limit + 1);
    const { data, page } = cutPage(ids, limit, (last) => Cursor.write(list, [last]));
    const views = await this.profiles.byIds(viewer, data, undefined, list === 'block');
    return { data: data.flatMap((id) => views.get(id) ?? []), page };
  }
}
