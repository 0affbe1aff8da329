import { ApiProperty } from '@nestjs/swagger';
import { PageEndDto } from '../platform/http/page.dto.js';
import { IsIdText } from '../platform/http/validation.js';
import { PostDto } from '../posts/post.dto.js';
import { UserDto } from '../users/user.dto.js';

/** An entry of a feed. */
export class FeedEntryDto {
  @ApiProperty({ example: '2172782113333248002' })
  id!: string;
  @ApiProperty({ enum: ['post'] })
  kind!: string;
  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
  post!: PostDto;
}

export class FeedPageDto {
  data!: FeedEntryDto[];
  /** `complete` is false while a post by somebody whom the viewer follows is still on its way into the feed. */
  page!: PageEndDto;
}

/** Something that happened to the viewer. */
export class NotificationDto {
  @ApiProperty({ example: '2172782113333248003' })
  id!: string;
  @ApiProperty({ enum: ['follow', 'mention'] })
  kind!: string;
  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
  /** Who did it. */
  actor!: UserDto;
  /** The post that it is about; null for a follow. */
  @ApiProperty({ type: PostDto, nullable: true })
  post!: PostDto | null;
  /** Whether it lies at or before the viewer's mark. */
  read!: boolean;
}

export class NotificationPageDto {
  data!: NotificationDto[];
  /** `complete` is always true: it does not tell of notifications that are still on their way. */
  page!: PageEndDto;
}

export class MarkReadDto {
  /** The id of the newest notification that the viewer has seen; all up to it count as read. */
  @ApiProperty({ example: '2172782113333248003' })
  @IsIdText()
  upTo!: string;
}
