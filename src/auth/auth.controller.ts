import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentViewer, Public, type Viewer } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { LoginDto, RefreshDto, SessionDto, SignupDto } from './auth.dto.js';
import { Auth, type OpenedSession } from './auth.js';
import { Sessions } from './sessions.js';

@ApiTags('auth')
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly auth: Auth,
    private readonly sessions: Sessions,
  ) {}

  /** Makes an account and logs it in. */
  @Public()
  @Post('signup')
  @ApiCreatedResponse({ type: SessionDto })
  @ApiProblems('invalid-request', 'username-taken', 'email-taken')
  signUp(@Body() account: SignupDto, @Ip() address: string): Promise<OpenedSession> {
    return this.auth.signUp(account, address);
  }

  /** Logs in with username or e-mail address. */
  @Public()
  @Post('login')
  @HttpCode(200)
  @ApiOkResponse({ type: SessionDto })
  @ApiProblems('invalid-request', 'invalid-credentials')
  logIn(@Body() { login, password }: LoginDto, @Ip() address: string): Promise<OpenedSession> {
    return this.auth.logIn(login, password, address);
  }

  /** Trades a refresh token for a new pair. A token that was traded before ends its whole session. */
  @Public()
  @Post('refresh')
  @HttpCode(200)
  @ApiOkResponse({ type: SessionDto })
  @ApiProblems('invalid-request', 'invalid-refresh-token')
  refresh(@Body() { refreshToken }: RefreshDto): Promise<OpenedSession> {
    return this.auth.refresh(refreshToken);
  }

  /** Ends the session of the access token that it is called with. */
  @Authenticated()
  @Post('logout')
  @HttpCode(204)
  @ApiNoContentResponse()
  async logOut(@CurrentViewer() viewer: Viewer): Promise<void> {
    await this.sessions.revoke([viewer.sessionId]);
  }
}
