import { Problem } from '../platform/http/problem.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws Problem `invalid-request` when a key was sent that cannot be one */
export function checkIdempotencyKey(key: string | undefined): void {
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return;
  const errors = ['Idempotency-Key must be 1 to 255 visible ASCII characters'];
  throw new Problem('invalid-request', undefined, { errors });
}
