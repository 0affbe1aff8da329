import { HttpException } from '@nestjs/common';
import { Problem, type ProblemKey } from './problem.js';

const BY_STATUS: Record<number, ProblemKey> = {
  400: 'invalid-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  408: 'request-timeout',
  413: 'payload-too-large',
  414: 'invalid-request',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
  431: 'headers-too-large',
  503: 'overloaded',
};

/**
 * Postgres's classes 08 (connection), 28 (it does not let us in), 3D (the database is not there), 53 (resources), 57
 * (operator intervention), 55000 (it takes no connections), and a lock or deadlock that a retry cures.
 */
const PASSING_SQLSTATE = /^(08|28|3D|53|57|40001|40P01|55000|55P03)/;
const PASSING_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);
const PASSING_MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Command timed out|Connection is closed|max retries per request|Stream isn't writeable|Cannot use a pool after/i;

/** Finds what a caller is to be told of any error; what nobody foresaw becomes `internal`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HttpException) return fromStatus(error.getStatus(), messagesOf(error), error);
  if (isPassing(error)) {
    return new Problem('unavailable', undefined, { retryAfterSeconds: 2 }, { cause: error });
  }
  if (isBadData(error)) return new Problem('invalid-request', undefined, {}, { cause: error });
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  if (typeof status === 'number' && status < 500)
    return fromStatus(status, [(error as Error).message], error);
  return new Problem('internal', undefined, {}, { cause: error });
}

/** Whether an error comes from a database or Redis that is away or overloaded just now. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  const driver = (error as { driverError?: unknown }).driverError;
  return (
    (typeof code === 'string' &&
      (PASSING_CODES.has(code) || (code.length === 5 && PASSING_SQLSTATE.test(code)))) ||
    PASSING_MESSAGES.test(error.message) ||
    (error instanceof AggregateError && error.errors.some(isPassing)) ||
    (driver !== undefined && isPassing(driver))
  );
}

/** Postgres's class 22, data exceptions: a value that slipped past the checks and that no column can hold. */
function isBadData(error: unknown): boolean {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: unknown };
  return (
    (typeof code === 'string' && /^22...$/.test(code)) ||
    (driverError !== undefined && isBadData(driverError))
  );
}

function fromStatus(status: number, messages: string[], cause: unknown): Problem {
  const key = BY_STATUS[status] ?? (status < 500 ? 'invalid-request' : 'internal');
  if (key === 'internal') return new Problem(key, undefined, {}, { cause });
  const errors = messages.length > 1 || key === 'invalid-request' ? { errors: messages } : {};
  return new Problem(key, messages.length === 1 ? messages[0] : undefined, errors, { cause });
}

function messagesOf(error: HttpException): string[] {
  const body = error.getResponse();
  const message = typeof body === 'string' ? body : (body as { message?: string | string[] }).message;
  return Array.isArray(message) ? message : [message ?? error.message];
}
