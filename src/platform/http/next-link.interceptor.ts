import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Config } from '../config/config.js';
import type { Page } from './page.js';

/** Gives every page that has a next one its `Link: <absolute>; rel="next"` (RFC 8288). */
@Injectable()
export class NextLinkInterceptor implements NestInterceptor {
  constructor(private readonly config: Config) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((body: Partial<Page<unknown>> | undefined) => {
        const cursor = body?.page?.next;
        if (cursor) this.link(context, cursor);
        return body;
      }),
    );
  }

  private link(context: ExecutionContext, cursor: string): void {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const base = this.config.http.publicUrl ?? `${request.protocol}://${request.host}`;
    if (!URL.canParse(request.url, base)) return;
    const url = new URL(request.url, base);
    url.searchParams.set('cursor', cursor);
    http.getResponse<FastifyReply>().header('link', `<${url.href}>; rel="next"`);
  }
}
