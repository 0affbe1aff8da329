import { Global, Module } from '@nestjs/common';
import { GraphRedis } from './redis.js';

@Global()
@Module({ providers: [GraphRedis], exports: [GraphRedis] })
export class RedisModule {}
