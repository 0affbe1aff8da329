import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { IdParam } from '../platform/http/id-param.js';
import type { Page } from '../platform/http/page.js';
import { PageQuery } from '../platform/http/page.dto.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { Dismissals } from './dismissals.js';
import { Mutuals, type MutualsPage } from './mutuals.js';
import { MutualsPageDto, RecommendationsDto, RecommendationsQuery } from './recommendation.dto.js';
import { Recommendations, type RecommendationView } from './recommendations.js';

@ApiTags('recommendations')
@Authenticated()
@Controller('v1')
export class RecommendationsController {
  constructor(
    private readonly recommendations: Recommendations,
    private readonly dismissals: Dismissals,
    private readonly mutuals: Mutuals,
  ) {}

  /**
   * Whom the viewer may want to follow: people followed by those whom the viewer follows, as friend or as noise, each with
   * how many of them and three of their names.
   */
  @Get('recommendations/users')
  @ApiOkResponse({ type: RecommendationsDto })
  @ApiProblems('invalid-request')
  users(
    @CurrentViewer() viewer: Viewer,
    @Query() { limit }: RecommendationsQuery,
  ): Promise<Page<RecommendationView>> {
    return this.recommendations.page(viewer.id, limit);
  }

  /** Dismisses a user, who is not recommended to the viewer again. Repeating it changes nothing. */
  @Delete('recommendations/users/:userId')
  @HttpCode(204)
  @ApiParam({ name: 'userId', example: '2172782113333248001' })
  @ApiNoContentResponse()
  @ApiProblems('not-found')
  async dismiss(@CurrentViewer() viewer: Viewer, @IdParam('userId') userId: Id): Promise<void> {
    await this.dismissals.add(viewer.id, userId);
  }

  /** Who of those whom the viewer follows follow a user, newest accounts first, and how many there are. */
  @Get('users/:idOrName/mutuals')
  @ApiParam({ name: 'idOrName', example: '@ada' })
  @ApiOkResponse({ type: MutualsPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'not-found')
  followersInCommon(
    @CurrentViewer() viewer: Viewer,
    @Param('idOrName') idOrName: string,
    @Query() query: PageQuery,
  ): Promise<MutualsPage> {
    return this.mutuals.page(viewer.id, idOrName, query);
  }
}
