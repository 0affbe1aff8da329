import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Gate } from '../fanout/gate.js';
import type { GateStatus } from '../fanout/gate-status.js';
import type { PastClosing } from '../fanout/gate-store.js';
import { AdminOnly, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { Cursor } from '../platform/http/cursor.js';
import { cutPage, type Page } from '../platform/http/page.js';
import { PageQuery } from '../platform/http/page.dto.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { MAX_ID } from '../platform/ids/ids.js';
import { UserStore } from '../users/user-store.js';
import { CloseGateDto, GateDto, GateHistoryDto, WhichGateQuery } from './gate.dto.js';

const REOPEN_AFTER_SECONDS = 900;
const TIMEOUT_SECONDS = 25;

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin/gate')
export class GateController {
  constructor(
    private readonly gate: Gate,
    private readonly users: UserStore,
  ) {}

  /** Whether the gate before the activities is open, what waits behind it, and where that leads. */
  @Get()
  @ApiOkResponse({ type: GateDto })
  @ApiProblems('invalid-request', 'forbidden')
  status(@Query() { shard }: WhichGateQuery): Promise<GateStatus> {
    return this.gate.status(shard);
  }

  /** Every closing of a gate, the latest first: who, why, for how long, and how much waited in the end. */
  @Get('history')
  @ApiOkResponse({ type: GateHistoryDto })
  @ApiProblems('invalid-request', 'invalid-cursor', 'forbidden')
  async history(@Query() { cursor, limit }: PageQuery): Promise<Page<PastClosing>> {
    const [before = MAX_ID] = Cursor.read('gate-history', cursor)?.position ?? [];
    const found = await this.gate.history(before, limit + 1);
    return cutPage(found, limit, (last) => Cursor.write('gate-history', [last.id]));
  }

  /** Closes the gate and answers once no row is being written any more. Posting and reading go on; delivery waits. */
  @Post('close')
  @HttpCode(200)
  @ApiOkResponse({ type: GateDto })
  @ApiProblems('invalid-request', 'forbidden', 'gate-closed', 'gate-timeout')
  async close(
    @CurrentViewer() viewer: Viewer,
    @Query() { shard }: WhichGateQuery,
    @Body() body: CloseGateDto,
  ): Promise<GateStatus> {
    const { reason, reopenAfterSeconds = REOPEN_AFTER_SECONDS, timeoutSeconds = TIMEOUT_SECONDS } = body;
    const by = await this.name(viewer);
    const timeoutMs = timeoutSeconds * 1_000;
    return (await this.gate.close({ reason, by, shard, reopenAfterSeconds, timeoutMs })).status;
  }

  /** Opens the gate; the backlog runs off. */
  @Post('open')
  @HttpCode(200)
  @ApiOkResponse({ type: GateDto })
  @ApiProblems('invalid-request', 'forbidden')
  async open(@CurrentViewer() viewer: Viewer, @Query() { shard }: WhichGateQuery): Promise<GateStatus> {
    return this.gate.open(await this.name(viewer), { shard });
  }

  private async name(viewer: Viewer): Promise<string> {
    return (await this.users.byIds([viewer.id])).get(viewer.id)?.username ?? viewer.id;
  }
}
