import { Global, Module } from '@nestjs/common';
import { ChangeLog } from './change-log.js';
import { GraphRedis } from './redis.js';

@Global()
@Module({ providers: [ChangeLog, GraphRedis], exports: [ChangeLog, GraphRedis] })
export class RedisModule {}
