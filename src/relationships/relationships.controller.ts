import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentViewer, type Viewer } from '../platform/http/access.js';
import type { Page } from '../platform/http/page.js';
import { PageQuery } from '../platform/http/page.dto.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { IdParam } from '../platform/http/id-param.js';
import type { Id } from '../platform/ids/ids.js';
import { GraphView } from '../users/graph-view.js';
import type { UserView, ViewerRelationship } from '../users/user-view.js';
import { FollowingQuery, LookupDto, LookupResultDto, SetRelationshipDto } from './relationship.dto.js';
import { UserPageDto, ViewerRelationshipDto } from '../users/user.dto.js';
import { Relationships } from './relationships.js';
import { UserLists } from './user-lists.js';

@ApiTags('relationships')
@Authenticated()
@Controller('v1')
export class RelationshipsController {
  constructor(
    private readonly relationships: Relationships,
    private readonly graph: GraphView,
    private readonly lists: UserLists,
  ) {}

  /** Follows (as friend or noise), blocks or mutes a user, in place of whatever was before. Repeating it changes nothing. */
  @Put('relationships/:userId')
  @ApiParam({ name: 'userId', example: '2172782113333248001' })
  @ApiOkResponse({ type: ViewerRelationshipDto })
  @ApiProblems('invalid-request', 'self-relationship', 'not-found', 'too-many-follows')
  async set(
    @CurrentViewer() viewer: Viewer,
    @IdParam('userId') userId: Id,
    @Body() { kind }: SetRelationshipDto,
  ): Promise<ViewerRelationship> {
    await this.relationships.set(viewer.id, userId, kind);
    const [standing] = await this.graph.standings(viewer.id, [userId]);
    return { kind, followsMe: standing?.followsMe ?? false };
  }

  /** Ends the relationship to a user, of whatever kind. */
  @Delete('relationships/:userId')
  @HttpCode(204)
  @ApiParam({ name: 'userId', example: '2172782113333248001' })
  @ApiNoContentResponse()
  @ApiProblems('not-found')
  async remove(@CurrentViewer() viewer: Viewer, @IdParam('userId') userId: Id): Promise<void> {
    await this.relationships.remove(viewer.id, userId);
  }

  /** How the viewer stands to each of up to 100 users. */
  @Post('relationships/lookup')
  @HttpCode(200)
  @ApiOkResponse({ type: LookupResultDto })
  @ApiProblems('invalid-request')
  async lookup(
    @CurrentViewer() viewer: Viewer,
    @Body() { ids }: LookupDto,
  ): Promise<{ data: (ViewerRelationship & { id: Id })[] }> {
    const standings = await this.graph.standings(viewer.id, ids);
    return {
      data: ids.map((id, i) => ({ id, kind: standings[i]!.kind, followsMe: standings[i]!.followsMe })),
    };
  }

  /** Who follows a user, newest accounts first. */
  @Get('users/:idOrName/followers')
  @ApiParam({ name: 'idOrName', example: '@ada' })
  @ApiOkResponse({ type: UserPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'not-found')
  followers(
    @CurrentViewer() viewer: Viewer,
    @Param('idOrName') idOrName: string,
    @Query() query: PageQuery,
  ): Promise<Page<UserView>> {
    return this.lists.followers(viewer.id, idOrName, query);
  }

  /** Whom a user follows, newest accounts first. */
  @Get('users/:idOrName/following')
  @ApiParam({ name: 'idOrName', example: '@ada' })
  @ApiOkResponse({ type: UserPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'not-found')
  following(
    @CurrentViewer() viewer: Viewer,
    @Param('idOrName') idOrName: string,
    @Query() query: FollowingQuery,
  ): Promise<Page<UserView>> {
    const kinds = query.kind ? [query.kind] : (['friend', 'noise'] as const);
    return this.lists.following(viewer.id, idOrName, kinds, query);
  }

  /** Whom the viewer has blocked, newest accounts first. */
  @Get('me/blocks')
  @ApiOkResponse({ type: UserPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  blocks(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<UserView>> {
    return this.lists.own(viewer.id, 'block', query);
  }

  /** Whom the viewer has muted, newest accounts first. */
  @Get('me/mutes')
  @ApiOkResponse({ type: UserPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  mutes(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<UserView>> {
    return this.lists.own(viewer.id, 'mute', query);
  }
}
