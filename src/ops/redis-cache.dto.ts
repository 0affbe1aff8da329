import { ApiProperty } from '@nestjs/swagger';

export class RebuildStateDto {
  @ApiProperty({ enum: ['fill', 'drain', 'compare'] })
  phase!: string;
  /** Relationships loaded. */
  edges!: number;
  /** About how many there are. */
  total!: number;
  @ApiProperty({ format: 'date-time' })
  startedAt!: string;
}

export class RedisCacheDto {
  /** Whether there is a mirror that is read; until there is one, Postgres answers. */
  ready!: boolean;
  users!: number;
  /** Relationships in Postgres, about. */
  edges!: number;
  /** How far the rebuild is that is under way; null when there is none. */
  @ApiProperty({ type: RebuildStateDto, nullable: true })
  rebuild!: RebuildStateDto | null;
  /** The certificate of the last rebuild: users, edges, mismatches, seconds, bytes and more. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  last!: object | null;
}
