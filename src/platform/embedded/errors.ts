export type EmbeddedStackErrorId =
  | 'data-dir-in-use'
  | 'data-dir-not-accessible'
  | 'postgres-not-available'
  | 'postgres-failed'
  | 'redis-missing'
  | 'redis-failed';

/** The embedded stack could not be started or stopped; the message says what to do about it. */
export class EmbeddedStackError extends Error {
  override readonly name = 'EmbeddedStackError';

  constructor(
    readonly id: EmbeddedStackErrorId,
    message: string,
  ) {
    super(message);
  }
}

/** Whether a failed file operation failed with one of these codes (`ENOENT`, `EEXIST`, …). */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
