import { Injectable } from '@nestjs/common';
import { GraphRedis } from '../platform/redis/redis.js';

/** Which run of which Redis server this process speaks to: one that was restarted may have forgotten its last second. */
@Injectable()
export class RedisRun {
  private id: Promise<string | undefined> | undefined;

  constructor(private readonly redis: GraphRedis) {
    redis.client.on('close', () => (this.id = undefined));
  }

  /** A text that is drawn anew at each start of a server; undefined while it cannot be told. */
  of(): Promise<string | undefined> {
    this.id ??= this.ask();
    return this.id;
  }

  private async ask(): Promise<string | undefined> {
    const text = await this.redis.client.info('server').catch(() => '');
    const id = /^run_id:(\w+)/m.exec(text)?.[1];
    if (id === undefined) this.id = undefined;
    return id;
  }
}
