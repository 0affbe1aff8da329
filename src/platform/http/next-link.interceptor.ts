import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { map, type Observable } from 'rxjs';
import { Config } from '../config/config.js';
import type { Page } from './page.js';

const MOST_KEPT = 100;

/** Gives every page that has a next one its `Link: <absolute>; rel="next"` (RFC 8288). */
@Injectable()
export class NextLinkInterceptor implements NestInterceptor {
  /** How links begin, up to the cursor, by what was asked for: first pages are asked for again and again. */
  private readonly begins = new LRUCache<string, string>({ max: MOST_KEPT });

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
    const { protocol, host, url } = http.getRequest<FastifyRequest>();
    const begin = this.beginOf(url, this.config.http.publicUrl ?? `${protocol}://${host}`);
    if (begin === undefined) return;
    http.getResponse<FastifyReply>().header('link', `<${begin}${encodeURIComponent(cursor)}>; rel="next"`);
  }

  private beginOf(asked: string, base: string): string | undefined {
    const name = `${base} ${asked}`;
    const known = this.begins.get(name);
    if (known !== undefined || !URL.canParse(asked, base)) return known;
    const url = new URL(asked, base);
    const isFirst = !url.searchParams.has('cursor');
    url.searchParams.delete('cursor');
    url.searchParams.append('cursor', '');
    url.hash = '';
    if (isFirst) this.begins.set(name, url.href);
    return url.href;
  }
}
