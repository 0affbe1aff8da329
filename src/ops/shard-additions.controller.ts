import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { AdminOnly, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { UserStore } from '../users/user-store.js';
import { ShardAdditions } from './shard-additions.js';
import { AddedShardDto, AddShardDto } from './shard-moves.dto.js';

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/shards')
export class ShardAdditionsController {
  constructor(
    private readonly additions: ShardAdditions,
    private readonly users: UserStore,
  ) {}

  /**
   * Prepares an empty database as a shard and puts it on the map, without buckets. Every process follows within a second;
   * move buckets there afterwards.
   */
  @Post()
  @ApiCreatedResponse({ type: AddedShardDto })
  @ApiProblems('invalid-request', 'forbidden', 'shard-unfit')
  async add(@CurrentViewer() viewer: Viewer, @Body() body: AddShardDto): Promise<AddedShardDto> {
    const name = (await this.users.byIds([viewer.id])).get(viewer.id)?.username ?? viewer.id;
    return this.additions.add({ url: body.url, directUrl: body.directUrl, by: name });
  }
}
