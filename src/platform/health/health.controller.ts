import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { Public } from '../http/access.js';
import { Problem } from '../http/problem.js';
import { ApiProblems } from '../http/problem.dto.js';
import { Unlimited } from '../http/rate-limit.guard.js';
import { Metrics } from '../metrics/metrics.js';
import { HealthDto } from './health.dto.js';
import { Health } from './health.js';

@ApiTags('service')
@Public()
@Unlimited()
@Controller()
export class HealthController {
  constructor(
    private readonly config: Config,
    private readonly health: Health,
    private readonly metrics: Metrics,
  ) {}

  /** Whether the process answers at all. */
  @Get('health/live')
  @ApiOkResponse({ type: HealthDto })
  live(): HealthDto {
    return { status: 'up', parts: {} };
  }

  /** Whether the process can do its work. Names what is down; 503 only when nothing useful works without it. */
  @Get('health/ready')
  @ApiOkResponse({ type: HealthDto })
  @ApiResponse({ status: 503, type: HealthDto, description: 'The primary, or every shard, is down.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    const health = await this.health.check();
    if (health.status === 'down') void reply.status(503).header('retry-after', '2');
    return health;
  }

  /**
   * Prometheus's text format. For whoever presents METRICS_TOKEN as bearer token; where that is not set, for callers on
   * this machine.
   */
  @Get('metrics')
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiProblems('forbidden')
  async scrape(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (!this.mayScrape(request)) throw new Problem('forbidden', 'Present METRICS_TOKEN as bearer token.');
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }

  /** Without a token, a caller is on this machine when the connection is, and no proxy says that it speaks for another. */
  private mayScrape({ raw, headers }: FastifyRequest): boolean {
    const { metricsToken } = this.config.http;
    if (metricsToken === undefined) {
      const local = /^(127\.|::1$|::ffff:127\.)/.test(raw.socket.remoteAddress ?? '');
      return local && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined;
    }
    return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${metricsToken}`));
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
