import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem, type ProblemKey, PROBLEMS } from './problem.js';
import { presentProblem } from './problem.filter.js';

/** What Node's HTTP server says of bytes that it could not make a request of; anything else is an `invalid-request`. */
const BY_CODE: Record<string, ProblemKey> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

/**
 * Answers, with a problem like any other, what never became a request, and closes the connection: where the next request
 * would begin nobody knows.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  nextRequestId: () => string,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const problem = new Problem(BY_CODE[error.code ?? ''] ?? 'invalid-request');
    const { status } = PROBLEMS[problem.key];
    const body = JSON.stringify(presentProblem(problem, nextRequestId()));
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n` +
        'Content-Type: application/problem+json; charset=utf-8\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}
