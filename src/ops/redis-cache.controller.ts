import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { MirrorRebuild } from '../relationships/mirror-rebuild.js';
import { RedisCacheDto } from './redis-cache.dto.js';

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/redis-cache')
export class RedisCacheController {
  constructor(private readonly rebuild: MirrorRebuild) {}

  /** How the graph mirror stands, and how far its rebuild is. */
  @Get()
  @ApiOkResponse({ type: RedisCacheDto })
  @ApiProblems('forbidden')
  async status(): Promise<RedisCacheDto> {
    const { ready, users, edges, state } = await this.rebuild.plan();
    const rebuild = state && {
      phase: state.phase,
      edges: state.edges,
      total: state.total,
      startedAt: new Date(state.startedAt).toISOString(),
    };
    return { ready, users, edges, rebuild: rebuild ?? null, last: (await this.rebuild.last()) ?? null };
  }

  /** Has a worker rebuild the mirror from Postgres, beside the one in use; poll the status for its progress. */
  @Post('rebuild')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: RedisCacheDto })
  @ApiProblems('forbidden')
  async start(): Promise<RedisCacheDto> {
    await this.rebuild.request();
    return this.status();
  }
}
