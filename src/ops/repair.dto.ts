import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { MayBeLeftOut } from '../platform/http/validation.js';

export class StartRepairDto {
  /** This shard alone; all of them unless given. */
  @ApiProperty({ minimum: 0, maximum: 32_767, required: false, example: 0 })
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(32_767)
  shard?: number;

  /** At most so many rows a second are looked at, on each shard; as fast as it goes unless given. */
  @ApiProperty({ minimum: 1, maximum: 10_000_000, required: false, example: 20_000 })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(10_000_000)
  rowsPerSecond?: number;
}

export class RepairStartedDto {
  id!: string;
}

export class RepairPartDto {
  shard!: number;
  @ApiProperty({ enum: ['waiting', 'preparing', 'walking', 'finishing', 'cleaning', 'done'] })
  phase!: string;
  /** About how many rows there are. */
  rowsTotal!: number;
  rowsSeen!: number;
  duplicates!: number;
  orphans!: number;
  /** Why it could not go on; null while it can. */
  @ApiProperty({ type: String, nullable: true })
  error!: string | null;
  /** When it last came a step further. */
  @ApiProperty({ format: 'date-time' })
  steppedAt!: string;
}

export class RepairDto {
  id!: string;
  @ApiProperty({ enum: ['running', 'done', 'failed', 'aborted'] })
  state!: string;
  requestedBy!: string;
  @ApiProperty({ type: Number, nullable: true })
  rowsPerSecond!: number | null;
  @ApiProperty({ format: 'date-time' })
  startedAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt!: string | null;
  @ApiProperty({ type: [RepairPartDto] })
  shards!: RepairPartDto[];
}
