import { Body, Controller, Delete, Get, Headers, HttpCode, Post, Put, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { Authenticated, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { Cursor } from '../platform/http/cursor.js';
import { IdParam } from '../platform/http/id-param.js';
import { cutPage, type Page } from '../platform/http/page.js';
import { PageQuery } from '../platform/http/page.dto.js';
import { Problem } from '../platform/http/problem.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { Profiles } from '../users/profiles.js';
import { UserPageDto } from '../users/user.dto.js';
import type { UserView } from '../users/user-view.js';
import { checkIdempotencyKey } from './idempotency-key.js';
import { Loves } from './loves.js';
import { PostAccess } from './post-access.js';
import { PostDto, PostPageDto, RepostDto } from './post.dto.js';
import { PostStore } from './post-store.js';
import { type PostView, PostViews } from './post-view.js';
import { Posts } from './posts.js';
import { ReactionStore } from './reaction-store.js';

const ID = { name: 'id', example: '2172782113333248002' };

/** What people do with the posts of others: comment, love, repost. */
@ApiTags('posts')
@Authenticated()
@Controller('v1/posts/:id')
export class ConversationsController {
  constructor(
    private readonly posts: Posts,
    private readonly loves: Loves,
    private readonly access: PostAccess,
    private readonly store: PostStore,
    private readonly reactions: ReactionStore,
    private readonly views: PostViews,
    private readonly profiles: Profiles,
  ) {}

  /** Comments on a post, newest first, without those by people whom the viewer mutes. */
  @Get('comments')
  @ApiParam(ID)
  @ApiOkResponse({ type: PostPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'not-found')
  async comments(
    @CurrentViewer() viewer: Viewer,
    @IdParam('id') id: Id,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<PostView>> {
    await this.access.find(viewer.id, id);
    const before = Cursor.read('comments', cursor)?.position[0];
    const ids = await this.store.commentsOn(id, before, limit + 1);
    const { data, page } = cutPage(ids, limit, (last) => Cursor.write('comments', [last]));
    const views = await this.views.byIds(viewer.id, data, (author) => author.kind !== 'mute');
    return { data: data.flatMap((comment) => views.get(comment) ?? []), page };
  }

  /** Who loves a post, the latest first. */
  @Get('lovers')
  @ApiParam(ID)
  @ApiOkResponse({ type: UserPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'not-found')
  lovers(
    @CurrentViewer() viewer: Viewer,
    @IdParam('id') id: Id,
    @Query() query: PageQuery,
  ): Promise<Page<UserView>> {
    return this.people(viewer, id, 'lovers', query, (before, limit) =>
      this.reactions.lovers(id, before, limit),
    );
  }

  /** Who passed a post on without words of their own, the latest first. */
  @Get('reposters')
  @ApiParam(ID)
  @ApiOkResponse({ type: UserPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'not-found')
  reposters(
    @CurrentViewer() viewer: Viewer,
    @IdParam('id') id: Id,
    @Query() query: PageQuery,
  ): Promise<Page<UserView>> {
    return this.people(viewer, id, 'reposters', query, (before, limit) =>
      this.store.plainReposts(id, before, limit),
    );
  }

  /** Loves a post. Repeating it changes nothing. */
  @Put('love')
  @HttpCode(204)
  @ApiParam(ID)
  @ApiNoContentResponse()
  @ApiProblems('not-found')
  love(@CurrentViewer() viewer: Viewer, @IdParam('id') id: Id): Promise<void> {
    return this.loves.love(viewer.id, id);
  }

  /** Ceases to love a post; its author's notification of it is gone as well. */
  @Delete('love')
  @HttpCode(204)
  @ApiParam(ID)
  @ApiNoContentResponse()
  @ApiProblems('not-found')
  unlove(@CurrentViewer() viewer: Viewer, @IdParam('id') id: Id): Promise<void> {
    return this.loves.unlove(viewer.id, id);
  }

  /**
   * Passes a post on to the viewer's audience; without words of their own once, and repeating that answers the same
   * repost. Whoever follows the author of the post as well has it already, and gets no repost without words.
   */
  @Post('repost')
  @ApiParam(ID)
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 255 visible ASCII characters.' })
  @ApiCreatedResponse({ type: PostDto })
  @ApiProblems('invalid-request', 'idempotency-mismatch', 'not-found')
  async repost(
    @CurrentViewer() viewer: Viewer,
    @IdParam('id') id: Id,
    @Body() { body = '' }: RepostDto,
    @Headers('Idempotency-Key') key?: string,
  ): Promise<PostView> {
    checkIdempotencyKey(key);
    const made = await this.posts.publish(viewer.id, { body, repostOf: id }, key);
    const view = (await this.views.byIds(viewer.id, [made])).get(made);
    if (!view) throw new Problem('not-found', 'There is no such post.');
    return view;
  }

  /** Takes a repost without words back. */
  @Delete('repost')
  @HttpCode(204)
  @ApiParam(ID)
  @ApiNoContentResponse()
  @ApiProblems('not-found')
  undoRepost(@CurrentViewer() viewer: Viewer, @IdParam('id') id: Id): Promise<void> {
    return this.posts.undoRepost(viewer.id, id);
  }

  private async people(
    viewer: Viewer,
    id: Id,
    list: string,
    { cursor, limit }: PageQuery,
    read: (before: Id | undefined, limit: number) => Promise<{ id: Id; userId: Id }[]>,
  ): Promise<Page<UserView>> {
    await this.access.find(viewer.id, id);
    const found = await read(Cursor.read(list, cursor)?.position[0], limit + 1);
    const { data, page } = cutPage(found, limit, (last) => Cursor.write(list, [last.id]));
    const users = await this.profiles.byIds(
      viewer.id,
      data.map(({ userId }) => userId),
    );
    return { data: data.flatMap(({ userId }) => users.get(userId) ?? []), page };
  }
}
