import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { type ActivityKind, NOTIFICATION_KINDS } from '../activities/activity.js';
import { PageEndDto, PageQuery } from '../platform/http/page.dto.js';
import { Flag, IsIdText, MayBeLeftOut } from '../platform/http/validation.js';
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

export class NotificationQuery extends PageQuery {
  /** Only notifications of this kind. */
  @ApiProperty({ enum: NOTIFICATION_KINDS, required: false })
  @MayBeLeftOut()
  @IsIn(NOTIFICATION_KINDS)
  kind?: ActivityKind;

  /** Whether follows, and loves and reposts of the same post, come together as one: "Ada and three others". */
  @Flag()
  grouped = false;
}

/** Several who did the same. */
export class NotificationGroupDto {
  /** The latest three of them. */
  @ApiProperty({ type: [UserDto] })
  actors!: UserDto[];
  /** How many they are, up to 99. */
  count!: number;
  /** Whether they are more than that. */
  more!: boolean;
}

/** How many notifications the viewer has not marked as read. */
export class UnreadCountDto {
  /** Up to 99. */
  count!: number;
  /** Whether there are more than that. */
  more!: boolean;
}

/** Something that happened to the viewer. */
export class NotificationDto {
  @ApiProperty({ example: '2172782113333248003' })
  id!: string;
  @ApiProperty({ enum: NOTIFICATION_KINDS })
  kind!: string;
  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
  /** Who did it. */
  actor!: UserDto;
  /** The post that it is about, or the comment that was made; null for a follow. */
  @ApiProperty({ type: PostDto, nullable: true })
  post!: PostDto | null;
  /** Whether it lies at or before the viewer's mark. */
  read!: boolean;
  /** With `grouped=true`, all who did this; null for what comes alone. */
  @ApiProperty({ type: NotificationGroupDto, nullable: true })
  group!: NotificationGroupDto | null;
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
