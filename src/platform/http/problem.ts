/**
 * What can go wrong for a caller. The key is stable and part of the API: it ends the problem's `type`
 * (`urn:sluice:problem:<key>`, RFC 9457); the status is the only place where a fault meets HTTP.
 */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-cursor': { status: 400, title: 'The cursor is not one of ours' },
  unauthenticated: { status: 401, title: 'A valid access token is needed' },
  'invalid-credentials': { status: 401, title: 'The login or the password is wrong' },
  'invalid-refresh-token': { status: 401, title: 'The refresh token is not valid any more' },
  forbidden: { status: 403, title: 'This is not allowed to you' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'username-taken': { status: 409, title: 'This username is taken' },
  'email-taken': { status: 409, title: 'This e-mail address is in use' },
  'self-relationship': { status: 400, title: 'Nobody can follow, block or mute themselves' },
  'too-many-follows': { status: 409, title: 'This account follows as many as anybody can' },
  'idempotency-mismatch': { status: 422, title: 'This Idempotency-Key belongs to a different request' },
  'payload-too-large': { status: 413, title: 'The request body is too large' },
  'unsupported-media-type': { status: 415, title: 'The request body is not JSON' },
  'headers-too-large': { status: 431, title: 'The request line and its headers are too large' },
  'too-many-streams': { status: 429, title: 'This account listens with as many clients as it can' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'gate-closed': { status: 409, title: 'The gate is closed already' },
  'gate-timeout': { status: 409, title: 'The queue did not become quiet in time; the gate was opened again' },
  'index-conflict': { status: 409, title: 'The indexes that there are stand against this' },
  'index-build-running': { status: 409, title: 'An index is being built already' },
  'repair-running': { status: 409, title: 'A repair of the activities is running already' },
  'shard-unfit': { status: 409, title: 'This database does not fit as a shard, or not for a move' },
  'shard-move-running': { status: 409, title: 'A move of buckets stands against this' },
  overloaded: { status: 503, title: 'The service is too busy at the moment' },
  unavailable: { status: 503, title: 'A part of the service cannot be reached at the moment' },
  internal: { status: 500, title: 'Something went wrong on our side' },
} as const;

export type ProblemKey = keyof typeof PROBLEMS;

/** A fault that the caller is to be told of, by its stable key. */
export class Problem extends Error {
  override readonly name = 'Problem';

  /**
   * @param detail one sentence for a person, without secrets and without other people's data
   * @param more members that a program may read, such as `errors` or `retryAfterSeconds`
   */
  constructor(
    readonly key: ProblemKey,
    detail?: string,
    readonly more: { errors?: string[]; retryAfterSeconds?: number } = {},
    options?: ErrorOptions,
  ) {
    super(detail ?? PROBLEMS[key].title, options);
  }
}
