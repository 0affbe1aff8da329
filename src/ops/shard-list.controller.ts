import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { ShardListDto, ShardListQuery } from './shard-list.dto.js';
import { ShardList, type ShardOverview } from './shard-list.js';

const SECONDS = 2;

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/shards')
export class ShardListController {
  constructor(private readonly list: ShardList) {}

  /**
   * Every shard: what it holds, how much is written to it, its replication slots and its health; and which connections the
   * processes may take of each server, with a warning where there is no room for another one or for another shard.
   */
  @Get()
  @ApiOkResponse({ type: ShardListDto })
  @ApiProblems('invalid-request', 'forbidden')
  overview(@Query() { seconds = SECONDS }: ShardListQuery): Promise<ShardOverview> {
    return this.list.overview(seconds);
  }
}
