import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { IsPlainText, MayBeLeftOut } from '../platform/http/validation.js';
import { GateDto } from './gate.dto.js';

export class StartIndexBuildDto {
  /** Columns of the index, in order; `desc` behind a name for a descending one. Left out only together with `drop`. */
  @ApiProperty({ type: [String], required: false, example: ['recipient_id', 'stream', 'entry_id desc'] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(16)
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  columns?: string[];

  /** Columns that it only carries along. */
  @ApiProperty({ type: [String], required: false, example: ['actor_id'] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(16)
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  include?: string[];

  /** Whether it rejects duplicates; it needs `recipient_id` among its columns. */
  @ApiProperty({ type: Boolean, required: false, example: false })
  @MayBeLeftOut()
  @IsBoolean()
  unique?: boolean;

  /** Which rows it holds: conditions joined by AND, each a column with a comparison, IN, IS NULL or IS NOT NULL. */
  @ApiProperty({ type: String, required: false, example: 'stream = 3 AND kind IN (2, 3)' })
  @MayBeLeftOut()
  @IsPlainText(1, 1_000)
  where?: string;

  /** Its name; unless given, one that follows from the definition. */
  @ApiProperty({ type: String, required: false, example: 'activities_by_actor' })
  @MayBeLeftOut()
  @IsPlainText(1, 48)
  name?: string;

  /** The name of an index to drop, instead of building one. */
  @ApiProperty({ type: String, required: false, example: 'activities_by_actor' })
  @MayBeLeftOut()
  @IsPlainText(1, 48)
  drop?: string;

  /** Builds with the gate open: slower, and it may have to wait for other transactions. */
  @ApiProperty({ type: Boolean, required: false, example: false })
  @MayBeLeftOut()
  @IsBoolean()
  concurrently?: boolean;

  /** Numbers of the shards to build on; all of them unless given. */
  @ApiProperty({ type: [Number], required: false, example: [0, 1] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @ArrayUnique()
  @IsInt({ each: true })
  shards?: number[];

  /** How many shards at a time. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 16, default: 2, required: false, example: 2 })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(16)
  parallel?: number;

  /** Why, for those who wonder about the closed gate. */
  @ApiProperty({ type: String, required: false, example: 'the feed of actors' })
  @MayBeLeftOut()
  @IsPlainText(1, 150)
  reason?: string;
}

export class IndexBuildProgressDto {
  /** What Postgres is doing, in its words. */
  @ApiProperty({ example: 'building index: scanning table' })
  phase!: string;
  @ApiProperty({ enum: ['blocks', 'tuples'] })
  unit!: string;
  done!: number;
  total!: number;
  partitionsDone!: number;
  partitionsTotal!: number;
}

export class IndexBuildShardDto {
  shard!: number;
  /** `present`: it was there already. `waiting`: its turn has not come. */
  @ApiProperty({ enum: ['waiting', 'running', 'done', 'present', 'failed', 'aborted'] })
  state!: string;
  /** Why it failed. */
  @ApiProperty({ type: String, nullable: true })
  detail!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt!: string | null;
  @ApiProperty({ type: IndexBuildProgressDto, nullable: true })
  progress!: IndexBuildProgressDto | null;
}

export class IndexBuildDto {
  id!: string;
  @ApiProperty({ enum: ['build', 'drop'] })
  action!: string;
  name!: string;
  /** What stands in CREATE INDEX behind the table; empty for a drop. */
  @ApiProperty({ example: '("recipient_id", "entry_id" DESC)' })
  definition!: string;
  unique!: boolean;
  concurrently!: boolean;
  /** `interrupted`: its process is gone; asking for the same again goes on with it. */
  @ApiProperty({ enum: ['running', 'done', 'failed', 'aborted', 'interrupted'] })
  state!: string;
  @ApiProperty({ type: String, nullable: true })
  detail!: string | null;
  requestedBy!: string;
  reason!: string;
  @ApiProperty({ format: 'date-time' })
  startedAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt!: string | null;
  @ApiProperty({ type: [IndexBuildShardDto] })
  shards!: IndexBuildShardDto[];
  /** The gate and what waits behind it, while the build is running. */
  @ApiProperty({ type: GateDto, nullable: true })
  gate!: GateDto | null;
  /** How long what waits will take to run off once the gate is open, at the pace of late; null when nothing tells. */
  @ApiProperty({ type: Number, nullable: true })
  drainSeconds!: number | null;
}

export class IndexBuildListDto {
  /** The newest builds, newest first. */
  @ApiProperty({ type: [IndexBuildDto] })
  data!: IndexBuildDto[];
}
