import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentViewer, type Viewer } from '../platform/http/access.js';
import type { JsonText } from '../platform/http/json-text.js';
import type { Page } from '../platform/http/page.js';
import { PageQuery } from '../platform/http/page.dto.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { type FeedEntry, FeedReader } from './feed-reader.js';
import { FeedPageDto, MarkReadDto, NotificationPageDto } from './feed.dto.js';
import { NotificationMarks } from './notification-marks.js';
import { type NotificationEntry, NotificationReader } from './notification-reader.js';

@ApiTags('feeds')
@Authenticated()
@Controller('v1')
export class FeedsController {
  constructor(
    private readonly feeds: FeedReader,
    private readonly notifications: NotificationReader,
    private readonly marks: NotificationMarks,
  ) {}

  /** Posts by those whom the viewer follows as friends, newest first. */
  @Get('feeds/friends')
  @ApiOkResponse({ type: FeedPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  friends(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<JsonText<FeedEntry>>> {
    return this.feeds.page(viewer.id, 'friend', query);
  }

  /** Posts by those whom the viewer follows as noise, newest first. */
  @Get('feeds/noise')
  @ApiOkResponse({ type: FeedPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  noise(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<JsonText<FeedEntry>>> {
    return this.feeds.page(viewer.id, 'noise', query);
  }

  /** What happened to the viewer: new followers and mentions, newest first. */
  @Get('notifications')
  @ApiOkResponse({ type: NotificationPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  list(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<NotificationEntry>> {
    return this.notifications.page(viewer.id, query);
  }

  /** Marks the viewer's notifications as read, up to one of them; the mark never moves back. */
  @Post('notifications/read')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems('invalid-request')
  async markRead(@CurrentViewer() viewer: Viewer, @Body() { upTo }: MarkReadDto): Promise<void> {
    await this.marks.mark(viewer.id, upTo);
  }
}
