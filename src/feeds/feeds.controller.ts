import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticated, CurrentViewer, type Viewer } from '../platform/http/access.js';
import type { Page } from '../platform/http/page.js';
import { PageQuery } from '../platform/http/page.dto.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { FollowKind } from '../users/user-view.js';
import { type FeedEntryBytes, FeedReader } from './feed-reader.js';
import {
  FeedPageDto,
  MarkReadDto,
  NotificationPageDto,
  NotificationQuery,
  UnreadCountDto,
} from './feed.dto.js';
import { NotificationMarks } from './notification-marks.js';
import { type NotificationEntry, NotificationReader, type UnreadCount } from './notification-reader.js';

@ApiTags('feeds')
@Authenticated()
@Controller('v1')
export class FeedsController {
  constructor(
    private readonly feeds: FeedReader,
    private readonly notifications: NotificationReader,
    private readonly marks: NotificationMarks,
  ) {}

  /** Posts by those whom the viewer follows as friends, newest first. The first page's `ETag` is for asking, by HEAD, for news. */
  @Get('feeds/friends')
  @ApiOkResponse({ type: FeedPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  friends(
    @CurrentViewer() viewer: Viewer,
    @Query() query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<FeedEntryBytes>> {
    return this.tagged(viewer, 'friend', query, reply);
  }

  /** Posts by those whom the viewer follows as noise, newest first. The first page's `ETag` is for asking, by HEAD, for news. */
  @Get('feeds/noise')
  @ApiOkResponse({ type: FeedPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  noise(
    @CurrentViewer() viewer: Viewer,
    @Query() query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<FeedEntryBytes>> {
    return this.tagged(viewer, 'noise', query, reply);
  }

  /**
   * What happened to the viewer, newest first: who follows or mentions them, and who loves, comments on or reposts their
   * posts; each once, however often it is repeated, and only as long as it holds.
   */
  @Get('notifications')
  @ApiOkResponse({ type: NotificationPageDto })
  @ApiProblems('invalid-request', 'invalid-cursor')
  list(@CurrentViewer() viewer: Viewer, @Query() query: NotificationQuery): Promise<Page<NotificationEntry>> {
    return this.notifications.page(viewer.id, query);
  }

  /** How many notifications the viewer has not marked as read, counted up to 99. */
  @Get('notifications/unread')
  @ApiOkResponse({ type: UnreadCountDto })
  unread(@CurrentViewer() viewer: Viewer): Promise<UnreadCount> {
    return this.notifications.unread(viewer.id);
  }

  /** Marks the viewer's notifications as read, up to one of them; the mark never moves back. */
  @Post('notifications/read')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems('invalid-request')
  async markRead(@CurrentViewer() viewer: Viewer, @Body() { upTo }: MarkReadDto): Promise<void> {
    await this.marks.mark(viewer.id, upTo);
  }

  private async tagged(viewer: Viewer, kind: FollowKind, query: PageQuery, reply: FastifyReply) {
    const { page, tag } = await this.feeds.taggedPage(viewer.id, kind, query);
    if (tag !== undefined) reply.header('etag', `W/"${tag}"`);
    reply
      .type('application/json; charset=utf-8')
      .serializer(bytesOfPage as (page: Page<FeedEntryBytes>) => never);
    return page;
  }
}

const BEGIN = '{"data":[';

/** A page whose entries are bytes already: each is copied once, where as a text it would be three times on its way out. */
function bytesOfPage({ data, page }: Page<FeedEntryBytes>): Buffer {
  const end = `],"page":${JSON.stringify(page)}}`;
  // The first entry goes without its comma.
  const length = data.reduce((sum, entry) => sum + entry.length, data.length > 0 ? -1 : 0);
  const bytes = Buffer.allocUnsafe(BEGIN.length + length + end.length);
  let at = bytes.write(BEGIN, 'latin1');
  for (const [index, entry] of data.entries()) at += entry.copy(bytes, at, index === 0 ? 1 : 0);
  bytes.write(end, at, 'latin1');
  return bytes;
}
