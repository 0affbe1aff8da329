import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { IdParam } from '../platform/http/id-param.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { UserStore } from '../users/user-store.js';
import { ShardBalance } from './shard-balance.js';
import {
  PlannedMoveListDto,
  RebalanceDto,
  ShardMoveDto,
  ShardMoveListDto,
  SplitShardDto,
  StartShardMoveDto,
} from './shard-moves.dto.js';
import { ShardMoves, type StartedMove } from './shard-moves.js';

const ID = { name: 'id', example: '2172782113333248002' };
const BEGINNING = [
  'invalid-request',
  'forbidden',
  'shard-unfit',
  'gate-closed',
  'shard-move-running',
  'index-build-running',
  'repair-running',
] as const;
const GOING_ON = [
  'forbidden',
  'not-found',
  'shard-move-running',
  'index-build-running',
  'repair-running',
] as const;

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/shard-moves')
export class ShardMovesController {
  constructor(
    private readonly moves: ShardMoves,
    private readonly balance: ShardBalance,
    private readonly users: UserStore,
  ) {}

  /**
   * Moves buckets to another shard while everything runs. Answers at once; poll the move for its progress. Should this
   * process die, a worker goes on.
   */
  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ type: ShardMoveDto })
  @ApiProblems(...BEGINNING)
  async start(
    @CurrentViewer() viewer: Viewer,
    @Body() { buckets, to, pace }: StartShardMoveDto,
  ): Promise<ShardMoveDto> {
    return this.view(await this.moves.start(buckets, to, await this.name(viewer), pace));
  }

  /** Moves buckets with about half of a shard's rows to another one; otherwise as a move. */
  @Post('split')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: ShardMoveDto })
  @ApiProblems(...BEGINNING)
  async split(
    @CurrentViewer() viewer: Viewer,
    @Body() { from, to, pace }: SplitShardDto,
  ): Promise<ShardMoveDto> {
    const { buckets } = await this.balance.half(from, to);
    return this.view(await this.moves.start(buckets, to, await this.name(viewer), pace));
  }

  /**
   * The moves that would even out rows. Unless it only plans, the first of them is begun; ask again, once it is moved, for
   * the next.
   */
  @Post('rebalance')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: PlannedMoveListDto })
  @ApiProblems(...BEGINNING)
  async rebalance(
    @CurrentViewer() viewer: Viewer,
    @Body() { dryRun = true, pace }: RebalanceDto,
  ): Promise<PlannedMoveListDto> {
    const data = await this.balance.plan();
    const [first] = data;
    if (first && !dryRun) await this.moves.start(first.buckets, first.target, await this.name(viewer), pace);
    return { data: data.map((plan) => ({ ...plan, buckets: [...plan.buckets] })) };
  }

  /** The newest moves, newest first. */
  @Get()
  @ApiOkResponse({ type: ShardMoveListDto })
  @ApiProblems('forbidden')
  async list(): Promise<ShardMoveListDto> {
    return { data: await this.moves.list() };
  }

  /** How far a move is: rows, bytes, lag, time left. */
  @Get(':id')
  @ApiParam(ID)
  @ApiOkResponse({ type: ShardMoveDto })
  @ApiProblems('forbidden', 'not-found')
  find(@IdParam('id') id: Id): Promise<ShardMoveDto> {
    return this.moves.find(id);
  }

  /** Drops the buckets on their old shard; the move cannot be rolled back after that. */
  @Post(':id/finish')
  @HttpCode(202)
  @ApiParam(ID)
  @ApiAcceptedResponse({ type: ShardMoveDto })
  @ApiProblems(...GOING_ON)
  async finish(@IdParam('id') id: Id): Promise<ShardMoveDto> {
    return this.view(await this.moves.finish(id));
  }

  /** Gives the buckets back to their old shard, with all that was written since. */
  @Post(':id/rollback')
  @HttpCode(202)
  @ApiParam(ID)
  @ApiAcceptedResponse({ type: ShardMoveDto })
  @ApiProblems(...GOING_ON)
  async rollback(@IdParam('id') id: Id): Promise<ShardMoveDto> {
    return this.view(await this.moves.rollback(id));
  }

  /** Goes on with a move that was cut off, or that stands still because of an error. */
  @Post(':id/resume')
  @HttpCode(202)
  @ApiParam(ID)
  @ApiAcceptedResponse({ type: ShardMoveDto })
  @ApiProblems('forbidden', 'not-found', 'shard-move-running')
  async resume(@IdParam('id') id: Id): Promise<ShardMoveDto> {
    return this.view(await this.moves.resume(id));
  }

  /** Gives up a move that has not handed its buckets over, and clears it away. */
  @Delete(':id')
  @HttpCode(202)
  @ApiParam(ID)
  @ApiAcceptedResponse({ type: ShardMoveDto })
  @ApiProblems('forbidden', 'not-found', 'shard-move-running')
  async abort(@IdParam('id') id: Id): Promise<ShardMoveDto> {
    return this.view(await this.moves.abort(id));
  }

  private view({ id }: StartedMove): Promise<ShardMoveDto> {
    return this.moves.find(id);
  }

  private async name(viewer: Viewer): Promise<string> {
    return (await this.users.byIds([viewer.id])).get(viewer.id)?.username ?? viewer.id;
  }
}
