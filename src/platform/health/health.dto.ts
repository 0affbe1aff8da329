import { ApiProperty } from '@nestjs/swagger';

export class HealthDto {
  /** `degraded`: something is down, but requests are served. */
  @ApiProperty({ enum: ['up', 'degraded', 'down'] })
  status!: 'up' | 'degraded' | 'down';

  /** Each store, and whether it answers. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['up', 'down'] },
    example: { primary: 'up', 'shard-0': 'up', 'shard-1': 'up', redis: 'up', queue: 'up' },
  })
  parts!: Record<string, 'up' | 'down'>;
}
