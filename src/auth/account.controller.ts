import { Controller, Delete, HttpCode } from '@nestjs/common';
import { ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { Authenticated, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { Accounts } from '../users/accounts.js';
import { Sessions } from './sessions.js';

@ApiTags('me')
@Authenticated()
@Controller('v1/me')
export class AccountController {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
  ) {}

  /** Deletes the viewer's account for good: gone from every read at once, cleared away behind; the username is free again. */
  @Delete()
  @HttpCode(204)
  @ApiNoContentResponse()
  async remove(@CurrentViewer() viewer: Viewer): Promise<void> {
    await this.primary.transaction((transaction) => this.accounts.remove(transaction, viewer.id));
    await this.sessions.revokeAllOf(viewer.id);
  }
}
