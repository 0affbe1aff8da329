import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { IdParam } from '../platform/http/id-param.js';
import { Problem } from '../platform/http/problem.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { UserStore } from '../users/user-store.js';
import { RepairDto, RepairStartedDto, StartRepairDto } from './repair.dto.js';
import { type Repair, Repairs } from './repairs.js';

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/repairs')
export class RepairsController {
  constructor(
    private readonly repairs: Repairs,
    private readonly users: UserStore,
  ) {}

  /** Has the workers remove duplicates and orphans from the activities, and bring their unique indexes back. The last repair, if it failed, is taken up where it failed. */
  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ type: RepairStartedDto })
  @ApiProblems('invalid-request', 'forbidden', 'repair-running', 'shard-move-running')
  async start(
    @CurrentViewer() viewer: Viewer,
    @Body() { shard, rowsPerSecond }: StartRepairDto,
  ): Promise<RepairStartedDto> {
    const by = (await this.users.byIds([viewer.id])).get(viewer.id)?.username ?? viewer.id;
    return { id: await this.repairs.start({ by, shard, rowsPerSecond }) };
  }

  /** How far a repair is. */
  @Get(':id')
  @ApiParam({ name: 'id', example: '2172782113333248002' })
  @ApiOkResponse({ type: RepairDto })
  @ApiProblems('forbidden', 'not-found')
  find(@IdParam('id') id: Id): Promise<Repair> {
    return this.known(id);
  }

  /** Ends a running repair. What it has removed stays removed, and kept. */
  @Post(':id/abort')
  @HttpCode(200)
  @ApiParam({ name: 'id', example: '2172782113333248002' })
  @ApiOkResponse({ type: RepairDto })
  @ApiProblems('forbidden', 'not-found')
  async abort(@IdParam('id') id: Id): Promise<Repair> {
    await this.repairs.abort(id);
    return this.known(id);
  }

  private async known(id: Id): Promise<Repair> {
    const repair = await this.repairs.find(id);
    if (!repair) throw new Problem('not-found', 'There is no such repair.');
    return repair;
  }
}
