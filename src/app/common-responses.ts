import type { OpenAPIObject } from '@nestjs/swagger';
import { describeProblems } from '../platform/http/problem.dto.js';
import { type ProblemKey, PROBLEMS } from '../platform/http/problem.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Response = NonNullable<NonNullable<OpenAPIObject['components']>['responses']>[string];

const METHODS = ['get', 'head', 'put', 'post', 'patch', 'delete'] as const;

const number = (description: string) => ({ description, schema: { type: 'integer' } });
const RETRY_AFTER = { 'Retry-After': number('Seconds after which to try again.') };
const RATE_LIMIT = {
  'RateLimit-Limit': number('Requests per minute.'),
  'RateLimit-Remaining': number('What is left of them.'),
  'RateLimit-Reset': number('Seconds until all of them are there again.'),
};

/** What answers for reasons that have nothing to do with the route itself: which problems, with which headers, and where. */
const COMMON: { keys: ProblemKey[]; headers?: object; applies: (operation: Operation) => boolean }[] = [
  { keys: ['unauthenticated'], applies: (operation) => extension(operation, 'x-access') !== 'public' },
  { keys: ['payload-too-large'], applies: (operation) => operation.requestBody !== undefined },
  { keys: ['unsupported-media-type'], applies: (operation) => operation.requestBody !== undefined },
  {
    keys: ['too-many-requests'],
    headers: { ...RETRY_AFTER, ...RATE_LIMIT },
    applies: (operation) => extension(operation, 'x-unlimited') !== true,
  },
  { keys: ['overloaded', 'unavailable'], headers: RETRY_AFTER, applies: () => true },
];

/** Adds to each operation the answers that any of its kind may give, unless it describes that status itself. */
export function addCommonResponses(api: OpenAPIObject): OpenAPIObject {
  const responses: Record<string, Response> = {};
  for (const { keys, headers, applies } of COMMON) {
    const { status } = PROBLEMS[keys[0]!];
    responses[keys[0]!] = { ...describeProblems(keys), ...(headers ? { headers } : {}) } as Response;
    for (const path of Object.values(api.paths)) {
      for (const operation of METHODS.flatMap((method) => path[method] ?? [])) {
        if (applies(operation)) operation.responses[status] ??= { $ref: `#/components/responses/${keys[0]}` };
      }
    }
  }
  return { ...api, components: { ...api.components, responses } };
}

function extension(operation: Operation, name: string): unknown {
  return (operation as object as Record<string, unknown>)[name];
}
