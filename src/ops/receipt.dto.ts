import { ApiProperty } from '@nestjs/swagger';

export class ReceiptDto {
  postId!: string;
  authorId!: string;
  @ApiProperty({ enum: ['running', 'done'] })
  state!: string;
  /** Followers when the fan-out was planned. */
  expected!: number;
  /** Followers who have the post. */
  written!: number;
  /** Followers who left before their turn came. */
  skipped!: number;
  chunks!: number;
  chunksDone!: number;
  @ApiProperty({ format: 'date-time' })
  startedAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt!: string | null;
}
