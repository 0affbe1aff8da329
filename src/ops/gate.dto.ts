import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { IsPlainText, MayBeLeftOut } from '../platform/http/validation.js';

export class CloseGateDto {
  /** Why, for those who wonder. */
  @ApiProperty({ example: 'building an index' })
  @IsPlainText(1, 200)
  reason!: string;

  /** Reopens by itself after so many seconds; 900 unless given. */
  @ApiProperty({ minimum: 1, maximum: 86_400, default: 900, required: false, example: 900 })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(86_400)
  reopenAfterSeconds?: number;
}

export class GateDto {
  /** `closing`: closed, but some jobs are still running. */
  @ApiProperty({ enum: ['open', 'closing', 'closed'] })
  state!: string;
  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;
  @ApiProperty({ type: String, nullable: true })
  closedBy!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  closedAt!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  reopensAt!: string | null;
  /** Jobs that wait in the queue. */
  waiting!: number;
  /** Jobs that are running. */
  active!: number;
  oldestWaitingSeconds!: number;
}
