import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { SlowQueriesDto } from './slow-queries.dto.js';
import { SlowQueries } from './slow-queries.js';

const SHOWN = 10;

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/slow-queries')
export class SlowQueriesController {
  constructor(private readonly queries: SlowQueries) {}

  /** The ten statements that cost most on the primary and on each shard since the statistics were reset. */
  @Get()
  @ApiOkResponse({ type: SlowQueriesDto })
  @ApiProblems('forbidden')
  async costliest(): Promise<SlowQueriesDto> {
    return { databases: await this.queries.costliest(SHOWN) };
  }
}
