import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  Max,
  Min,
} from 'class-validator';
import { IsPlainText, MayBeLeftOut } from '../platform/http/validation.js';
import { BUCKET_COUNT } from '../platform/database/buckets.js';
import { FULL_PACE, GENTLE_PACE, LEAST_PACE } from './move-pace.js';

const MOST_SHARDS = 10_000;

export class AddShardDto {
  /** Where the database is, as processes and the other shards reach it. It carries a password, and is never shown again. */
  @ApiProperty({ example: 'postgres://sluice:password@shard-2:5432/sluice_shard_2' })
  @IsPlainText(12, 2_000)
  url!: string;

  /** The same database past a pooler, if one stands at `url`. */
  @ApiProperty({
    type: String,
    required: false,
    example: 'postgres://sluice:password@shard-2:5432/sluice_shard_2',
  })
  @MayBeLeftOut()
  @IsPlainText(12, 2_000)
  directUrl?: string;
}

export class AddedShardDto {
  /** Its number, by which it is named from now on. */
  shard!: number;
  name!: string;
  /** Host, port and database. */
  @ApiProperty({ example: 'shard-2:5432/sluice_shard_2' })
  place!: string;
}

/** How gently a move goes about it. */
class PacedDto {
  /**
   * In which share of the time it copies and compares, so that readers have the rest. 1 is as fast as it can; what works is
   * one session on each side.
   */
  @ApiProperty({
    type: Number,
    required: false,
    minimum: LEAST_PACE,
    maximum: FULL_PACE,
    default: GENTLE_PACE,
    example: GENTLE_PACE,
  })
  @MayBeLeftOut()
  @IsNumber()
  @Min(LEAST_PACE)
  @Max(FULL_PACE)
  pace?: number;
}

export class StartShardMoveDto extends PacedDto {
  /** Which buckets; all of them have to lie on one shard. */
  @ApiProperty({ type: [Number], example: [3, 7] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(BUCKET_COUNT)
  @ArrayUnique()
  @IsInt({ each: true })
  @Min(0, { each: true })
  @Max(BUCKET_COUNT - 1, { each: true })
  buckets!: number[];

  /** The number of the shard that gets them. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MOST_SHARDS, example: 2 })
  @IsInt()
  @Min(0)
  @Max(MOST_SHARDS)
  to!: number;
}

export class SplitShardDto extends PacedDto {
  /** The number of the shard that is too full. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MOST_SHARDS, example: 0 })
  @IsInt()
  @Min(0)
  @Max(MOST_SHARDS)
  from!: number;

  /** The number of the shard that gets half of its rows. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MOST_SHARDS, example: 2 })
  @IsInt()
  @Min(0)
  @Max(MOST_SHARDS)
  to!: number;
}

export class RebalanceDto extends PacedDto {
  /** Only plans; true unless given. */
  @ApiProperty({ type: Boolean, required: false, default: true, example: true })
  @MayBeLeftOut()
  @IsBoolean()
  dryRun?: boolean;
}

export class PlannedMoveDto {
  source!: number;
  target!: number;
  @ApiProperty({ type: [Number] })
  buckets!: number[];
  /** About how many there are. */
  rows!: number;
}

export class PlannedMoveListDto {
  @ApiProperty({ type: [PlannedMoveDto] })
  data!: PlannedMoveDto[];
}

const nullableNumber = () => ApiProperty({ type: Number, nullable: true });
const nullableTime = () => ApiProperty({ type: String, format: 'date-time', nullable: true });

export class ShardMoveDto {
  id!: string;
  source!: number;
  target!: number;
  @ApiProperty({ type: [Number] })
  buckets!: number[];
  /** In which share of the time it copies and compares. */
  @ApiProperty({ type: Number, minimum: LEAST_PACE, maximum: FULL_PACE, example: GENTLE_PACE })
  pace!: number;
  /** `moved`: handed over, and followed by the old shard until it is finished or rolled back. */
  @ApiProperty({
    enum: [
      'preparing',
      'copying',
      'comparing',
      'switching',
      'settling',
      'moved',
      'finishing',
      'returning',
      'clearing',
      'aborting',
      'done',
      'returned',
      'aborted',
    ],
  })
  state!: string;
  /** Why it stands still until somebody resumes or aborts it. */
  @ApiProperty({ type: String, nullable: true })
  error!: string | null;
  requestedBy!: string;
  /** Whether a process carries it on just now. */
  carriedOn!: boolean;
  /** About how many rows there are to copy. */
  @nullableNumber()
  rowsTotal!: number | null;
  /** Of their tables, without indexes. */
  @nullableNumber()
  bytesTotal!: number | null;
  @nullableNumber()
  rowsCopied!: number | null;
  @nullableNumber()
  bytesCopied!: number | null;
  /** Rows that were compared and found alike. */
  @nullableNumber()
  rowsCompared!: number | null;
  /** Changes that have not arrived on the other side, as of the last look. */
  @nullableNumber()
  lagBytes!: number | null;
  @nullableNumber()
  lagMs!: number | null;
  /** Of what is being copied or compared. */
  @nullableNumber()
  secondsLeft!: number | null;
  @nullableNumber()
  copySeconds!: number | null;
  /** For how long the buckets took no writes. */
  @nullableNumber()
  writePauseMs!: number | null;
  @ApiProperty({ format: 'date-time' })
  startedAt!: string;
  @nullableTime()
  movedAt!: string | null;
  @nullableTime()
  finishedAt!: string | null;
}

export class ShardMoveListDto {
  @ApiProperty({ type: [ShardMoveDto] })
  data!: ShardMoveDto[];
}
