import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { MayBeLeftOut } from '../platform/http/validation.js';

export class ShardListQuery {
  /** How long to watch what is written, in seconds; the answer takes as long. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 10, default: 2, required: false })
  @MayBeLeftOut()
  @Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && /^\d{1,2}$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(1)
  @Max(10)
  seconds?: number;
}

export class ReplicationSlotDto {
  name!: string;
  @ApiProperty({ enum: ['physical', 'logical'] })
  kind!: string;
  active!: boolean;
  /** Whether what it needs is still there (`pg_replication_slots.wal_status`); null where it needs nothing yet. */
  @ApiProperty({ type: String, nullable: true, example: 'reserved' })
  walStatus!: string | null;
  /** How much of the write-ahead log the server keeps for it. */
  @ApiProperty({ type: Number, nullable: true })
  retainedBytes!: number | null;
}

/** A replica of a shard, as the process that answers sees it. */
export class ReplicaStateDto {
  @ApiProperty({ example: 'shard-0-replica-0' })
  name!: string;
  /** Host, port and database. */
  @ApiProperty({ example: 'db-4:5432/sluice' })
  place!: string;
  /** Why feeds are not read from it; null while they are. */
  @ApiProperty({ type: String, nullable: true })
  unreadable!: string | null;
  /** How far it is behind in the write-ahead log. */
  @ApiProperty({ type: Number, nullable: true })
  lagBytes!: number | null;
}

export class OpenBreakerDto {
  /** The machine of the process, and its number there. */
  process!: string;
  @ApiProperty({ enum: ['closed', 'unavailable'] })
  reason!: string;
}

/** Whatever only the shard itself can tell is null while it is away. */
export class ShardStateDto {
  @ApiProperty({ type: 'integer' })
  shard!: number;
  @ApiProperty({ example: 'shard-0' })
  name!: string;
  /** Host, port and database. */
  @ApiProperty({ example: 'db-1:5432/sluice' })
  place!: string;
  /** Why it could not be asked; null when it was. */
  @ApiProperty({ type: String, nullable: true })
  unavailable!: string | null;
  @ApiProperty({ type: [Number] })
  buckets!: number[];
  /** Partitions that it holds of buckets which it does not own. */
  @ApiProperty({ type: Number, nullable: true })
  foreignPartitions!: number | null;
  /** An estimate from the statistics of Postgres. */
  @ApiProperty({ type: Number, nullable: true })
  rows!: number | null;
  /** The activities with their indexes. */
  @ApiProperty({ type: Number, nullable: true })
  bytes!: number | null;
  @ApiProperty({ type: Number, nullable: true })
  databaseBytes!: number | null;
  /** Rows written, changed or removed a second, between two looks. */
  @ApiProperty({ type: Number, nullable: true })
  writesPerSecond!: number | null;
  /** Connections in this database, by whomever. */
  @ApiProperty({ type: Number, nullable: true })
  connections!: number | null;
  /** Those of this database, and the physical ones of its server. */
  @ApiProperty({ type: [ReplicationSlotDto] })
  slots!: ReplicationSlotDto[];
  @ApiProperty({ type: [ReplicaStateDto] })
  replicas!: ReplicaStateDto[];
  /** Processes that send it nothing just now. */
  @ApiProperty({ type: [OpenBreakerDto] })
  breakers!: OpenBreakerDto[];
  @ApiProperty({ enum: ['open', 'closing', 'closed'] })
  gate!: string;
}

/** What the processes may take of a server's connections. */
export class ConnectionBudgetDto {
  /** The databases of this installation that lie on it. */
  @ApiProperty({ type: [String], example: ['primary', 'shard-0'] })
  databases!: string[];
  /** Connections that the server allows. */
  allowed!: number;
  /** Connections that are taken, by whomever. */
  taken!: number;
  /** Connections that the pools of all processes may take. */
  pools!: number;
  /** What one more process would add to that. */
  perProcess!: number;
  /** What one more shard on this server would. */
  perShard!: number;
}

export class ServingProcessDto {
  /** Its machine and its number there. */
  name!: string;
  @ApiProperty({ type: [String], example: ['http', 'worker'] })
  roles!: string[];
  primaryPool!: number;
  shardPool!: number;
  @ApiProperty({ format: 'date-time' })
  startedAt!: string;
}

export class ShardListDto {
  @ApiProperty({ type: [ShardStateDto] })
  shards!: ShardStateDto[];
  /** Each server once, however many of the databases lie on it; without those that are away. */
  @ApiProperty({ type: [ConnectionBudgetDto] })
  servers!: ConnectionBudgetDto[];
  /** Who serves just now. */
  @ApiProperty({ type: [ServingProcessDto] })
  processes!: ServingProcessDto[];
  /** What should be seen to before the next shard or process. */
  @ApiProperty({ type: [String] })
  warnings!: string[];
}
