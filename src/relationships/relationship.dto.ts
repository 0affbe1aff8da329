import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../platform/http/page.dto.js';
import { IsIdList } from '../platform/http/validation.js';
import { ViewerRelationshipDto } from '../users/user.dto.js';
import type { FollowKind, RelationshipKind } from '../users/user-view.js';
import { RELATIONSHIP_KINDS } from './kinds.js';

export class SetRelationshipDto {
  /** `friend` and `noise` follow, into the one or the other feed; `block` severs both directions; `mute` hides. */
  @ApiProperty({ enum: RELATIONSHIP_KINDS, example: 'friend' })
  @IsIn(RELATIONSHIP_KINDS)
  kind!: RelationshipKind;
}

export class LookupDto {
  /** Up to 100 ids of users. */
  @ApiProperty({ type: [String], maxItems: 100, example: ['2172782113333248001'] })
  @IsIdList(100)
  ids!: string[];
}

/** How the viewer stands to one user. */
export class LookupEntryDto extends ViewerRelationshipDto {
  @ApiProperty({ example: '2172782113333248001' })
  id!: string;
}

export class LookupResultDto {
  /** In the order of the ids asked for; an id of nobody has no relationship. */
  data!: LookupEntryDto[];
}

export class FollowingQuery extends PageQuery {
  /** Only those followed in this way. */
  @ApiProperty({ enum: ['friend', 'noise'], required: false })
  @IsOptional()
  @IsIn(['friend', 'noise'])
  kind?: FollowKind;
}
