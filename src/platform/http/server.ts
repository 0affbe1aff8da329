import { randomBytes } from 'node:crypto';
import underPressure from '@fastify/under-pressure';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import type { Viewer } from './access.js';
import { answerClientError } from './client-error.js';
import { writeJson } from './json-text.js';
import { Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { toProblem } from './to-problem.js';

/** Past this delay of the event loop the process is too busy to take more on. */
const MOST_EVENT_LOOP_DELAY_MS = 1_000;

/** No body of ours is nested deeper; past some thousands the checks themselves would run out of stack. */
const MOST_NESTING = 20;

/** The HTTP server: bounded bodies, bounded waits, an id for each request. */
export function createAdapter(config: Config): FastifyAdapter {
  const run = randomBytes(4).toString('hex');
  let count = 0;
  const nextRequestId = () => `${run}-${(++count).toString(36)}`;
  return new FastifyAdapter({
    trustProxy: config.http.trustProxy.length > 0 ? config.http.trustProxy : false,
    bodyLimit: config.http.bodyLimitBytes,
    requestTimeout: config.http.requestTimeoutMs,
    connectionTimeout: config.http.requestTimeoutMs * 2,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // While the server closes, what still comes in on an open connection is served as before, not turned away.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 100 },
    genReqId: nextRequestId,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, nextRequestId),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, toProblem(error), request.id),
  });
}

/** Hooks that concern every request: headers, overload, and a line and a measurement for each answer. */
export async function installHooks(
  app: NestFastifyApplication,
  config: Config,
  logger: Logger,
): Promise<void> {
  const metrics = app.get(Metrics);
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    strictTransportSecurity: false,
  });
  if (config.http.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: config.http.corsOrigins,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: [
        'link',
        'ratelimit-limit',
        'ratelimit-remaining',
        'ratelimit-reset',
        'retry-after',
        'x-request-id',
      ],
    });
  }
  await app.register(underPressure, {
    maxEventLoopDelay: MOST_EVENT_LOOP_DELAY_MS,
    pressureHandler: (request, reply) => {
      // A process that is merely busy is alive; whoever looks after it must not take it for dead.
      if (!request.url.startsWith('/health/')) sendProblem(reply, new Problem('overloaded'), request.id);
    },
  });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.setReplySerializer(writeJson);
  limitRequests(fastify);
  closeConnectionsAtTheEnd(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const seconds = reply.elapsedTime / 1_000;
    metrics.requestSeconds.observe({ method: request.method, route, status: reply.statusCode }, seconds);
    logger.info({
      context: 'Http',
      requestId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      userId: (request as FastifyRequest & { viewer?: Viewer }).viewer?.id,
    });
    done();
  });
}

/** Bodies are JSON alone (anything else answers 415), and not nested without end. */
function limitRequests(fastify: FastifyInstance): void {
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('preValidation', (request, reply, done) => {
    if (!isDeeperThan(MOST_NESTING, request.body)) done();
    else sendProblem(reply, new Problem('invalid-request', 'The body is nested too deeply.'), request.id);
  });
  // Whoever expects something that we do not know gets the answer itself, not Node's bare 417.
  fastify.server.on('checkExpectation', (request, response) => {
    fastify.server.emit('request', request, response);
  });
}

/** Idle connections are closed at once; a busy one with its last answer, or the server would wait for its keep-alive to end. */
function closeConnectionsAtTheEnd(fastify: FastifyInstance): void {
  let isClosing = false;
  fastify.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  fastify.addHook('onSend', (_, reply, payload, done) => {
    if (isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
