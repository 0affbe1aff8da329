import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { Gate, type GateStatus } from '../fanout/gate.js';
import { type Receipt, ReceiptReader } from '../fanout/receipt-reader.js';
import { AdminOnly, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { IdParam } from '../platform/http/id-param.js';
import { Problem } from '../platform/http/problem.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { UserStore } from '../users/user-store.js';
import { CloseGateDto, GateDto } from './gate.dto.js';
import { ReceiptDto } from './receipt.dto.js';

const REOPEN_AFTER_SECONDS = 900;
/** Longer than a killed worker's job counts as running. */
const CLOSE_TIMEOUT_MS = 25_000;

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin')
export class AdminController {
  constructor(
    private readonly gate: Gate,
    private readonly receipts: ReceiptReader,
    private readonly users: UserStore,
  ) {}

  /** Whether the gate before the activities is open, and what waits behind it. */
  @Get('gate')
  @ApiOkResponse({ type: GateDto })
  @ApiProblems('forbidden')
  gateStatus(): Promise<GateStatus> {
    return this.gate.status();
  }

  /** Closes the gate and answers once no row is being written any more. Posting and reading go on; delivery waits. */
  @Post('gate/close')
  @HttpCode(200)
  @ApiOkResponse({ type: GateDto })
  @ApiProblems('invalid-request', 'forbidden', 'gate-closed', 'gate-timeout')
  async closeGate(@CurrentViewer() viewer: Viewer, @Body() body: CloseGateDto): Promise<GateStatus> {
    const { reason, reopenAfterSeconds = REOPEN_AFTER_SECONDS } = body;
    return this.gate.close({
      reason,
      by: await this.name(viewer),
      reopenAfterSeconds,
      timeoutMs: CLOSE_TIMEOUT_MS,
    });
  }

  /** Opens the gate; the backlog runs off. */
  @Post('gate/open')
  @HttpCode(200)
  @ApiOkResponse({ type: GateDto })
  @ApiProblems('forbidden')
  async openGate(@CurrentViewer() viewer: Viewer): Promise<GateStatus> {
    return this.gate.open(await this.name(viewer));
  }

  /** What became of a post's fan-out: to how many it was to go, how many have it, and why the others have not. */
  @Get('fanouts/:postId')
  @ApiParam({ name: 'postId', example: '2172782113333248002' })
  @ApiOkResponse({ type: ReceiptDto })
  @ApiProblems('forbidden', 'not-found')
  async receipt(@IdParam('postId') postId: Id): Promise<Receipt> {
    const receipt = await this.receipts.find(postId);
    if (!receipt) throw new Problem('not-found', 'There is no such post.');
    return receipt;
  }

  private async name(viewer: Viewer): Promise<string> {
    return (await this.users.byIds([viewer.id])).get(viewer.id)?.username ?? viewer.id;
  }
}
