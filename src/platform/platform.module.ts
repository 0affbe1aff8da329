import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DatabaseModule } from './database/database.module.js';
import { Health } from './health/health.js';
import { RateLimits } from './http/rate-limits.js';
import { Gauges } from './metrics/gauges.js';
import { Metrics } from './metrics/metrics.js';
import { Outbox } from './outbox/outbox.js';
import { JobHandlers } from './queues/job-handlers.js';
import { Lanes } from './queues/lanes.js';
import { Queues } from './queues/queues.js';
import { RedisModule } from './redis/redis.module.js';

/** What every process needs below its features: stores, queues, the outbox, limits and metrics. */
@Global()
@Module({
  imports: [DatabaseModule, RedisModule, DiscoveryModule],
  providers: [Metrics, Gauges, Queues, Lanes, Outbox, JobHandlers, RateLimits, Health],
  exports: [Metrics, Queues, Lanes, Outbox, JobHandlers, RateLimits, Health],
})
export class PlatformModule {}
