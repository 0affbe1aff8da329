import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IsIdText, IsPlainText } from '../platform/http/validation.js';

export class ExplainQuery {
  /** The reader, by id or by username. */
  @IsPlainText(1, 31)
  viewer!: string;

  /** The post's id. */
  @IsIdText()
  post!: string;
}

export class ExplanationDto {
  viewerId!: string;
  postId!: string;
  /** The feed that the post is in; null when it is in none. */
  @ApiProperty({ type: String, enum: ['friends', 'noise'], nullable: true })
  inFeed!: string | null;
  /** What brings it there: its row, or why it is merged when the feed is read. */
  @ApiProperty({
    type: String,
    enum: ['row', 'gate-closed', 'fan-out-pending', 'author-pulled', 'placement-pending', 'reader-asleep'],
    nullable: true,
  })
  through!: string | null;
  /** The shard of its row. */
  @ApiProperty({ type: Number, nullable: true })
  shard!: number | null;
  /** Why it is in no feed, for programs. */
  @ApiProperty({ type: String, nullable: true, example: 'followed-later' })
  reason!: string | null;
  /** All of that in one sentence. */
  sentence!: string;
}

export class PreviewQuery {
  /** The author, by id or by username. */
  @IsPlainText(1, 31)
  author!: string;
}

export class DeliveryPreviewDto {
  authorId!: string;
  /** `push`: written into each follower's feed; `pull`: merged when feeds are read. */
  @ApiProperty({ enum: ['push', 'pull'] })
  delivery!: string;
  @ApiProperty({ enum: ['operator', 'audience', 'everybody-follows', 'being-pushed', 'small-audience'] })
  reason!: string;
  followers!: number;
  /** How many rows a post would write, at most. */
  rows!: number;
  /** Bytes of these rows with their indexes, as large as those that there are; null while there are too few of them. */
  @ApiProperty({ type: Number, nullable: true })
  bytes!: number | null;
  /** Seconds at the pace of recent fan-outs; null when there was none. */
  @ApiProperty({ type: Number, nullable: true })
  seconds!: number | null;
  sentence!: string;
}

export class ChooseDeliveryDto {
  /** `push`: always written; `pull`: always merged; `auto`: as the audience has it. */
  @IsIn(['push', 'pull', 'auto'])
  @ApiProperty({ enum: ['push', 'pull', 'auto'], example: 'auto' })
  delivery!: 'push' | 'pull' | 'auto';
}
