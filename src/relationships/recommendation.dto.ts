import { ApiProperty } from '@nestjs/swagger';
import { PageEndDto } from '../platform/http/page.dto.js';
import { PageLimit } from '../platform/http/validation.js';
import { UserDto } from '../users/user.dto.js';

export class RecommendationsQuery {
  @PageLimit(50)
  limit = 20;
}

/** A user by name alone. */
export class NamedUserDto {
  @ApiProperty({ example: '2172782113333248001' })
  id!: string;
  @ApiProperty({ example: 'ada' })
  username!: string;
  @ApiProperty({ example: 'Ada Lovelace' })
  name!: string;
}

/** Who of those whom the viewer follows follow the user. */
export class FollowedByDto {
  /** How many; 0 where the most followed are shown, because nobody whom the viewer follows follows anybody else. */
  count!: number;
  /** Three of them. */
  users!: NamedUserDto[];
}

export class RecommendationDto {
  user!: UserDto;
  followedBy!: FollowedByDto;
}

export class RecommendationsDto {
  /** Those followed by most of the people whom the viewer follows first; among equals, the newest account. */
  data!: RecommendationDto[];
  /** There is one page. It is not `complete` when the candidates come from a sample of those whom the viewer follows. */
  page!: PageEndDto;
}

/** A page of those whom the viewer follows and who follow a user. */
export class MutualsPageDto {
  data!: UserDto[];
  page!: PageEndDto;
  /** How many there are in all. */
  @ApiProperty({ type: 'integer', example: 3 })
  count!: number;
}
