import { ApiProperty } from '@nestjs/swagger';
import { PageEndDto } from '../platform/http/page.dto.js';
import { IsIdText, IsPlainText, MayBeLeftOut } from '../platform/http/validation.js';
import { UserDto } from '../users/user.dto.js';

export class PublishPostDto {
  /** Plain text, up to 5,000 characters of any script; it comes back as it was sent. `@username` mentions somebody. */
  @ApiProperty({ example: 'Good morning, @ada!' })
  @IsPlainText(1, 5_000)
  body!: string;

  /** The id of a post that this one comments on. A comment is read below its post and tells its author; it goes into no feed. */
  @ApiProperty({ required: false, example: '2172782113333248002' })
  @MayBeLeftOut()
  @IsIdText()
  commentOn?: string;
}

export class EditPostDto {
  /** The new words, as plain text of up to 5,000 characters. */
  @ApiProperty({ example: 'Good evening, @ada!' })
  @IsPlainText(1, 5_000)
  body!: string;
}

export class RepostDto {
  /** Words of one's own about it, up to 5,000 characters; left out, the post is merely passed on, once. */
  @ApiProperty({ required: false, example: 'Read this.' })
  @MayBeLeftOut()
  @IsPlainText(1, 5_000)
  body?: string;
}

export class PostCountsDto {
  comments!: number;
  loves!: number;
  reposts!: number;
  views!: number;
}

/** What the viewer did with a post. */
export class PostViewerDto {
  loved!: boolean;
  reposted!: boolean;
}

/** A post, as the viewer sees it. */
export class PostDto {
  @ApiProperty({ example: '2172782113333248002' })
  id!: string;
  author!: UserDto;
  /** Plain text. */
  @ApiProperty({ example: 'Good morning, @ada!' })
  body!: string;
  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  editedAt!: string | null;
  /** Those whom the text mentions and the viewer may see. */
  mentions!: UserDto[];
  /** The id of the post that this one comments on. */
  @ApiProperty({ type: String, nullable: true, example: null })
  commentOn!: string | null;
  /** The post that this one reposts. */
  @ApiProperty({ type: () => PostDto, nullable: true, example: null })
  repostOf!: PostDto | null;
  counts!: PostCountsDto;
  viewer!: PostViewerDto;
}

/** A page of posts. */
export class PostPageDto {
  data!: PostDto[];
  page!: PageEndDto;
}
