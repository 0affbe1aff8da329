import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { IdParam } from '../platform/http/id-param.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { UserStore } from '../users/user-store.js';
import { IndexBuildDto, IndexBuildListDto, StartIndexBuildDto } from './index-builds.dto.js';
import { IndexBuilds } from './index-builds.js';

/** What a build and a drop look like: the description of all fields together would be neither. */
const EXAMPLES = {
  build: {
    summary: 'Build an index',
    value: { columns: ['actor_id', 'entry_id desc'], include: ['kind'], where: 'stream = 3' },
  },
  drop: { summary: 'Drop an index', value: { drop: 'activities_by_actor' } },
};

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/index-builds')
export class IndexBuildsController {
  constructor(
    private readonly builds: IndexBuilds,
    private readonly users: UserStore,
  ) {}

  /**
   * Builds an index of the activities on the shards, or drops one, behind the closed gate: reading and posting go on,
   * delivery waits. Answers at once; poll the build for its progress. The same again goes on with one that was cut off.
   */
  @Post()
  @HttpCode(202)
  @ApiBody({ type: StartIndexBuildDto, examples: EXAMPLES })
  @ApiAcceptedResponse({ type: IndexBuildDto })
  @ApiProblems('invalid-request', 'forbidden', 'not-found', 'index-conflict', 'index-build-running')
  async start(@CurrentViewer() viewer: Viewer, @Body() body: StartIndexBuildDto): Promise<IndexBuildDto> {
    const { id } = await this.builds.start(Object.assign({ by: await this.name(viewer) }, body));
    return this.builds.find(id);
  }

  /** The newest index builds, newest first. */
  @Get()
  @ApiOkResponse({ type: IndexBuildListDto })
  @ApiProblems('forbidden')
  async list(): Promise<IndexBuildListDto> {
    return { data: await this.builds.list() };
  }

  /** How far an index build is on each shard, and what waits behind the gate. */
  @Get(':id')
  @ApiParam({ name: 'id', example: '2172782113333248002' })
  @ApiOkResponse({ type: IndexBuildDto })
  @ApiProblems('forbidden', 'not-found')
  find(@IdParam('id') id: Id): Promise<IndexBuildDto> {
    return this.builds.find(id);
  }

  /** Aborts a build: what is half built is dropped, the gate opens, shards that have the index keep it. */
  @Delete(':id')
  @HttpCode(202)
  @ApiParam({ name: 'id', example: '2172782113333248002' })
  @ApiAcceptedResponse({ type: IndexBuildDto })
  @ApiProblems('forbidden', 'not-found')
  async abort(@CurrentViewer() viewer: Viewer, @IdParam('id') id: Id): Promise<IndexBuildDto> {
    return this.builds.abort(id, await this.name(viewer));
  }

  private async name(viewer: Viewer): Promise<string> {
    return (await this.users.byIds([viewer.id])).get(viewer.id)?.username ?? viewer.id;
  }
}
