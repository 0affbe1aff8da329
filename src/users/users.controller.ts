import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentViewer, type Viewer } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { Accounts } from './accounts.js';
import { Profiles } from './profiles.js';
import { ChangeProfileDto, UserDto } from './user.dto.js';
import type { UserView } from './user-view.js';

@ApiTags('users')
@Authenticated()
@Controller('v1')
export class UsersController {
  constructor(
    private readonly profiles: Profiles,
    private readonly accounts: Accounts,
  ) {}

  /** The viewer's own profile. */
  @Get('me')
  @ApiOkResponse({ type: UserDto })
  me(@CurrentViewer() viewer: Viewer): Promise<UserView> {
    return this.profiles.find(viewer.id, viewer.id);
  }

  /** Changes the viewer's own profile and answers it. */
  @Patch('me')
  @ApiOkResponse({ type: UserDto })
  @ApiProblems('invalid-request')
  async changeMe(@CurrentViewer() viewer: Viewer, @Body() change: ChangeProfileDto): Promise<UserView> {
    await this.accounts.changeProfile(viewer.id, change);
    return this.profiles.find(viewer.id, viewer.id);
  }

  /** A profile, by id or by `@username`. Who has blocked the viewer is not found. */
  @Get('users/:idOrName')
  @ApiParam({ name: 'idOrName', example: '@ada' })
  @ApiOkResponse({ type: UserDto })
  @ApiProblems('not-found')
  find(@CurrentViewer() viewer: Viewer, @Param('idOrName') idOrName: string): Promise<UserView> {
    return this.profiles.find(viewer.id, idOrName);
  }
}
