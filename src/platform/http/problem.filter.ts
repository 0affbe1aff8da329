import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Problem, PROBLEMS } from './problem.js';
import { toProblem } from './to-problem.js';

/** A problem as it goes over the wire (RFC 9457, `application/problem+json`). */
export function presentProblem(problem: Problem, requestId: string) {
  const { status, title } = PROBLEMS[problem.key];
  return {
    type: `urn:sluice:problem:${problem.key}`,
    title,
    status,
    detail: problem.message,
    requestId,
    ...(problem.more.errors ? { errors: problem.more.errors } : {}),
  };
}

/** Sends a problem as the answer. */
export function sendProblem(reply: FastifyReply, problem: Problem, requestId: string): void {
  const wait = problem.more.retryAfterSeconds ?? (PROBLEMS[problem.key].status === 503 ? 2 : undefined);
  if (wait !== undefined) reply.header('retry-after', String(Math.max(1, Math.ceil(wait))));
  void reply
    .status(PROBLEMS[problem.key].status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(presentProblem(problem, requestId)));
}

/** The one place where an error becomes an answer. Only what nobody foresaw is logged as an error, with its stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(error);
    const line = `${request.id} ${request.method} ${request.routeOptions.url ?? 'no route'}: ${problem.key}`;
    const cause = problem.cause instanceof Error ? problem.cause : undefined;
    if (problem.key === 'internal') this.logger.error(line, cause?.stack ?? String(problem.cause));
    else if (PROBLEMS[problem.key].status === 503)
      this.logger.warn(`${line} (${cause?.message ?? problem.message})`);
    if (reply.sent) return;
    sendProblem(reply, problem, request.id);
  }
}
