import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
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
import { EditPostDto, PostDto, PostPageDto, PublishPostDto } from './post.dto.js';
import { PostStore } from './post-store.js';
import { type PostView, PostViews } from './post-view.js';
import { checkIdempotencyKey } from './idempotency-key.js';
import { Posts } from './posts.js';

@ApiTags('posts')
@Authenticated()
@Controller('v1')
export class PostsController {
  constructor(
    private readonly posts: Posts,
    private readonly store: PostStore,
    private readonly views: PostViews,
    private readonly profiles: Profiles,
  ) {}

  /** Publishes a post. With an `Idempotency-Key`, repeating the request answers the same post again and makes no second one. */
  @Post('posts')
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 255 visible ASCII characters.' })
  @ApiCreatedResponse({ type: PostDto })
  @ApiProblems('invalid-request', 'idempotency-mismatch', 'not-found')
  async publish(
    @CurrentViewer() viewer: Viewer,
    @Body() { body, commentOn }: PublishPostDto,
    @Headers('Idempotency-Key') key?: string,
  ): Promise<PostView> {
    checkIdempotencyKey(key);
    return this.find(viewer, await this.posts.publish(viewer.id, { body, commentOn }, key));
  }

  /** A post. Who has blocked the viewer has no posts for them. */
  @Get('posts/:id')
  @ApiParam({ name: 'id', example: '2172782113333248002' })
  @ApiOkResponse({ type: PostDto })
  @ApiProblems('not-found')
  async find(@CurrentViewer() viewer: Viewer, @IdParam('id') id: Id): Promise<PostView> {
    const view = (await this.views.byIds(viewer.id, [id])).get(id);
    if (!view) throw new Problem('not-found', 'There is no such post.');
    return view;
  }

  /** Changes the words of a post of the viewer's own; every reader sees the new ones at once. */
  @Patch('posts/:id')
  @ApiParam({ name: 'id', example: '2172782113333248002' })
  @ApiOkResponse({ type: PostDto })
  @ApiProblems('invalid-request', 'forbidden', 'not-found')
  async edit(
    @CurrentViewer() viewer: Viewer,
    @IdParam('id') id: Id,
    @Body() { body }: EditPostDto,
  ): Promise<PostView> {
    await this.posts.edit(viewer.id, id, body);
    return this.find(viewer, id);
  }

  /** Deletes a post of the viewer's own; it is gone from every feed at once. */
  @Delete('posts/:id')
  @HttpCode(204)
  @ApiParam({ name: 'id', example: '2172782113333248002' })
  @ApiNoContentResponse()
  @ApiProblems('forbidden', 'not-found')
  remove(@CurrentViewer() viewer: Viewer, @IdParam('id') id: Id): Promise<void> {
    return this.posts.remove(viewer.id, id);
  }

  /** A user's posts and reposts, newest first; their comments are read below what they comment on. */
  @Get('users/:idOrName/posts')
  @ApiParam({ name: 'idOrName', example: '@ada' })
  @ApiOkResponse({ type: PostPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'not-found')
  async ofUser(
    @CurrentViewer() viewer: Viewer,
    @Param('idOrName') idOrName: string,
    @Query() { cursor, limit }: PageQuery,
  ): Promise<Page<PostView>> {
    const author = await this.profiles.find(viewer.id, idOrName);
    const ids = await this.store.ofAuthor(author.id, Cursor.read('posts', cursor)?.position[0], limit + 1);
    const { data, page } = cutPage(ids, limit, (last) => Cursor.write('posts', [last]));
    const views = await this.views.byIds(viewer.id, data);
    return { data: data.flatMap((id) => views.get(id) ?? []), page };
  }
}
