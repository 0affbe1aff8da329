import { ApiProperty } from '@nestjs/swagger';
import { IsUrl, ValidateIf } from 'class-validator';
import { PageEndDto } from '../platform/http/page.dto.js';
import { IsPlainText, MayBeLeftOut } from '../platform/http/validation.js';

/** How many posts, followers and followed ones a user has. */
export class UserCountsDto {
  posts!: number;
  followers!: number;
  /** Friends and noise together. */
  following!: number;
  friends!: number;
  noise!: number;
}

/** How the viewer stands to a user. */
export class ViewerRelationshipDto {
  @ApiProperty({ enum: ['friend', 'noise', 'block', 'mute'], nullable: true, example: 'friend' })
  kind!: string | null;
  /** Whether the user follows the viewer, as friend or noise. */
  followsMe!: boolean;
}

/** A user, as the viewer sees them. */
export class UserDto {
  @ApiProperty({ example: '2172782113333248001' })
  id!: string;
  @ApiProperty({ example: 'ada' })
  username!: string;
  @ApiProperty({ example: 'Ada Lovelace' })
  name!: string;
  @ApiProperty({ example: 'Notes on the engine.' })
  bio!: string;
  @ApiProperty({ type: String, nullable: true, example: null })
  avatarUrl!: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
  counts!: UserCountsDto;
  relationship!: ViewerRelationshipDto;
}

/** A page of users. */
export class UserPageDto {
  data!: UserDto[];
  page!: PageEndDto;
}

/** What is to change; what is left out stays. */
export class ChangeProfileDto {
  /** @example Ada Lovelace */
  @MayBeLeftOut()
  @IsPlainText(0, 50)
  name?: string;

  /** @example Notes on the engine. */
  @MayBeLeftOut()
  @IsPlainText(0, 500)
  bio?: string;

  /** An http(s) address, or null for none. */
  @ApiProperty({ type: String, nullable: true, required: false, example: 'https://example.org/ada.png' })
  @ValidateIf((change: ChangeProfileDto) => change.avatarUrl !== null && change.avatarUrl !== undefined)
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true })
  @IsPlainText(1, 2048)
  avatarUrl?: string | null;
}
