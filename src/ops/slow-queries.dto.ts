import { ApiProperty } from '@nestjs/swagger';

export class SlowQueryDto {
  /** The statement with placeholders where values stood, shortened. */
  @ApiProperty({ example: 'SELECT entry_id FROM activities WHERE recipient_id = $1' })
  query!: string;
  calls!: number;
  rows!: number;
  meanMs!: number;
  totalMs!: number;
  /** Of the time of all statements in this database, 0 to 1. */
  share!: number;
  /** Pages found in the cache of Postgres, 0 to 1; null when it touched none. */
  @ApiProperty({ type: Number, nullable: true })
  cacheHits!: number | null;
}

export class DatabaseCostsDto {
  @ApiProperty({ example: 'shard-0' })
  database!: string;
  @ApiProperty({ type: [SlowQueryDto] })
  queries!: SlowQueryDto[];
  /** Why there is nothing to tell; null when there is. */
  @ApiProperty({ type: String, nullable: true })
  unavailable!: string | null;
}

export class SlowQueriesDto {
  /** The primary, then the shards. */
  @ApiProperty({ type: [DatabaseCostsDto] })
  databases!: DatabaseCostsDto[];
}
