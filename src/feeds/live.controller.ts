import { Controller, Get, Head, Headers, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticated, CurrentViewer, type VerifiedViewer, type Viewer } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { FollowKind } from '../users/user-view.js';
import { FeedReader } from './feed-reader.js';
import { LiveStreams } from './live-streams.js';

const IF_NONE_MATCH = {
  name: 'If-None-Match',
  required: false,
  description: 'The `ETag` of a first page.',
  schema: { type: 'string' },
} as const;

/** What tells clients that there is something new. */
@ApiTags('feeds')
@Authenticated()
@Controller('v1')
export class LiveController {
  constructor(
    private readonly feeds: FeedReader,
    private readonly streams: LiveStreams,
  ) {}

  /**
   * Whether the first page of the friends feed may look different from when it was read with this `ETag`: 200, or else 304. Posts
   * that came, were edited or left count, also through a follow, a move, a block or a mute; numbers of loves and the like do not.
   */
  @Head('feeds/friends')
  @ApiHeader(IF_NONE_MATCH)
  @ApiOkResponse({ description: 'It may look different.' })
  @ApiResponse({ status: 304, description: 'It looks the same.' })
  newAmongFriends(
    @CurrentViewer() viewer: Viewer,
    @Headers('if-none-match') tags: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answer(viewer, 'friend', tags, reply);
  }

  /** Whether the first page of the noise feed may look different from when it was read with this `ETag`: 200, or else 304. */
  @Head('feeds/noise')
  @ApiHeader(IF_NONE_MATCH)
  @ApiOkResponse({ description: 'It may look different.' })
  @ApiResponse({ status: 304, description: 'It looks the same.' })
  newAmongNoise(
    @CurrentViewer() viewer: Viewer,
    @Headers('if-none-match') tags: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answer(viewer, 'noise', tags, reply);
  }

  /**
   * What comes into the viewer's feeds and notifications, as server-sent events: `feed` (`{stream, entry}`, the entry as
   * the feed has it), `notification` (as the list has it), `reset` (something may be missing: read anew) and `overflow`
   * (the client was too slow; the connection ends). Goes on behind `Last-Event-ID`, ends with the access token or its
   * session. Open the stream, then read the feed: what a follow brings in is not sent, and a post that a closed gate holds
   * back is sent when the gate opens, though the feed shows it before.
   */
  @Get('stream')
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The `id` of the last event that the client has got; without it, from now on.',
    schema: { type: 'string' },
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({
    schema: { type: 'string', example: 'event: feed\nid: …\ndata: {"stream":"friends",…}\n\n' },
  })
  @ApiProblems('too-many-streams')
  async listen(
    @CurrentViewer() viewer: VerifiedViewer,
    @Headers('last-event-id') position: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const isOnlyAsked = request.method === 'HEAD';
    const body = isOnlyAsked ? undefined : (await this.streams.open(viewer, position)).body;
    reply.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (!body) return void reply.send();
    // A connection of the server's is closed when it is silent; this one shows that it is alive.
    request.raw.socket.setTimeout(0);
    reply.raw.once('close', () => body.destroy());
    void reply.send(body);
  }

  private async answer(
    viewer: Viewer,
    kind: FollowKind,
    header: string | undefined,
    reply: FastifyReply,
  ): Promise<void> {
    const tags = (header ?? '')
      .split(',')
      .flatMap((part) => /^\s*(?:W\/)?"([\w-]{27})"\s*$/.exec(part)?.[1] ?? []);
    const tag = await this.feeds.unchanged(viewer.id, kind, tags);
    // Not with a 200: whoever took that tag would miss what it stands for. It comes with the page.
    if (tag !== undefined) reply.status(304).header('etag', `W/"${tag}"`);
    void reply.send();
  }
}
