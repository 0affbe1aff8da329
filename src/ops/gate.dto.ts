import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { PageEndDto } from '../platform/http/page.dto.js';
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

  /** How long to wait for those who are writing, in seconds, before it is opened again; 25 unless given. */
  @ApiProperty({ minimum: 1, maximum: 60, default: 25, required: false, example: 25 })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(60)
  timeoutSeconds?: number;
}

/** Which gate is meant. */
export class WhichGateQuery {
  /** The gate of this shard alone; left out: the one before all. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 9_999, required: false })
  @MayBeLeftOut()
  @Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(0)
  @Max(9_999)
  shard?: number;
}

/** A gate that is closed for one shard alone. */
export class ShardGateDto {
  @ApiProperty({ enum: ['closing', 'closed'] })
  state!: string;
  @ApiProperty({ type: 'integer', nullable: true })
  shard!: number | null;
  reason!: string;
  closedBy!: string;
  @ApiProperty({ format: 'date-time' })
  closedAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  reopensAt!: string | null;
}

/** What waits to be delivered, and where that leads. */
export class BacklogDto {
  /** Intents in the outbox that are not delivered, whether their jobs are in the queue or not; counted up to 100,000. */
  intents!: number;
  /** Activities still to be written for them, estimated from the audiences of a sample. */
  rows!: number;
  oldestIntentSeconds!: number;
  /** Rows a minute, over the last minute in which no gate was closed or opened; null before that can be told. */
  @ApiProperty({ type: Number, nullable: true })
  growthPerMinute!: number | null;
  /** Memory of the queue's Redis; null when it does not answer. */
  @ApiProperty({ type: Number, nullable: true })
  redisUsedBytes!: number | null;
  /** Null when its memory is not bounded. */
  @ApiProperty({ type: Number, nullable: true })
  redisMaxBytes!: number | null;
  /** When its memory would be full at the present growth; null when it is not bounded, or does not grow. */
  @ApiProperty({ type: Number, nullable: true })
  redisFullInSeconds!: number | null;
  /** When the backlog will be gone at the present pace; null while a gate is closed, and while it does not shrink. */
  @ApiProperty({ type: Number, nullable: true })
  drainedInSeconds!: number | null;
}

export class GateDto {
  /** `closing`: closed, but somebody may still be writing. */
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
  /** Jobs that wait in the queue; null when its Redis does not answer. */
  @ApiProperty({ type: Number, nullable: true })
  waiting!: number | null;
  /** Jobs that are running, as far as their workers have said; null when Redis does not answer. */
  @ApiProperty({ type: Number, nullable: true })
  active!: number | null;
  /** How long the oldest thing that is not delivered has waited. */
  oldestWaitingSeconds!: number;
  /** The gates that are closed for a shard alone. */
  @ApiProperty({ type: [ShardGateDto] })
  shards!: ShardGateDto[];
  backlog!: BacklogDto;
}

/** One closing of a gate, and what became of it. */
export class GateClosingDto {
  id!: string;
  /** Null: the gate before all shards. */
  @ApiProperty({ type: 'integer', nullable: true })
  shard!: number | null;
  reason!: string;
  closedBy!: string;
  @ApiProperty({ format: 'date-time' })
  closedAt!: string;
  /** When it was to reopen by itself. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  reopensAt!: string | null;
  /** Since when no row was written behind it. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  quietAt!: string | null;
  /** Null while it is closed. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  openedAt!: string | null;
  /** Null while it is closed, and when its deadline opened it. */
  @ApiProperty({ type: String, nullable: true })
  openedBy!: string | null;
  /** `told`: somebody said so; `timeout`: closing it took too long. */
  @ApiProperty({ enum: ['told', 'deadline', 'timeout'], nullable: true })
  opening!: string | null;
  /** Jobs that waited in the queue when it was opened. */
  @ApiProperty({ type: Number, nullable: true })
  jobsWaiting!: number | null;
  /** Intents that waited in the outbox then. */
  @ApiProperty({ type: Number, nullable: true })
  intentsWaiting!: number | null;
}

export class GateHistoryDto {
  @ApiProperty({ type: [GateClosingDto] })
  data!: GateClosingDto[];
  page!: PageEndDto;
}
