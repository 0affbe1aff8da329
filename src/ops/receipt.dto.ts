import { ApiProperty } from '@nestjs/swagger';

class SkippedDto {
  /** They have blocked the author since, or were blocked. */
  blocked!: number;
  /** They have muted the author since. */
  muted!: number;
  /** They have unfollowed the author, or their account is gone. */
  left!: number;
  /** They have not been seen for long: the post is merged when they read. */
  dormant!: number;
}

class WaitingRowsDto {
  shard!: number;
  rows!: number;
}

export class ReceiptDto {
  postId!: string;
  authorId!: string;
  /** `waiting`: it has not begun; `planning`: the audience is still being counted. */
  @ApiProperty({ enum: ['waiting', 'planning', 'running', 'done'] })
  state!: string;
  /** Followers when the fan-out was planned. Once it is done, as many as were written and skipped. */
  expected!: number;
  /** Of these, who has the post. */
  written!: number;
  /** Of these, who was in the audience no more when their turn came, by reason. */
  skipped!: SkippedDto;
  chunks!: number;
  chunksDone!: number;
  chunksLeft!: number;
  /** Recipients who wait for a shard that is closed or away. */
  @ApiProperty({ type: [WaitingRowsDto] })
  waitingFor!: WaitingRowsDto[];
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt!: string | null;
  /** At its own pace so far, in seconds; null while there is none. */
  @ApiProperty({ type: Number, nullable: true })
  secondsLeft!: number | null;
}
