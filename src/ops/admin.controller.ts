import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type Receipt, ReceiptReader } from '../fanout/receipt-reader.js';
import { AdminOnly } from '../platform/http/access.js';
import { IdParam } from '../platform/http/id-param.js';
import { Problem } from '../platform/http/problem.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import type { Id } from '../platform/ids/ids.js';
import { ReceiptDto } from './receipt.dto.js';

@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin')
export class AdminController {
  constructor(private readonly receipts: ReceiptReader) {}

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
}
