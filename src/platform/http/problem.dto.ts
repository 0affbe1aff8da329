import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { type ProblemKey, PROBLEMS } from './problem.js';

/** What every error looks like (RFC 9457, `application/problem+json`). */
export class ProblemDto {
  /** Stable; what a program decides by. */
  @ApiProperty({ example: 'urn:sluice:problem:not-found' })
  type!: string;

  /** The kind of problem in words; the same for each problem of this type. */
  @ApiProperty({ example: 'There is no such thing' })
  title!: string;

  /** The HTTP status. */
  @ApiProperty({ example: 404 })
  status!: number;

  /** What went wrong this time. */
  @ApiProperty({ example: 'There is no such thing' })
  detail!: string;

  /** Finds the request in the logs. */
  @ApiProperty({ example: 'c0ffee00-1' })
  requestId!: string;

  /** One line for each faulty field. */
  @ApiProperty({ type: [String], required: false })
  errors?: string[];
}

/** Documents the problems that a route may answer with, beside those that any route may. */
export function ApiProblems(...keys: ProblemKey[]): MethodDecorator & ClassDecorator {
  const statuses = [...new Set(keys.map((key) => PROBLEMS[key].status))];
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...statuses.map((status) => {
      const group = keys.filter((key) => PROBLEMS[key].status === status);
      return ApiResponse({ status, ...describeProblems(group) });
    }),
  );
}

/** The description of an answer that is one of these problems, all of one status. */
export function describeProblems(keys: readonly ProblemKey[]) {
  return {
    description: keys.map((key) => PROBLEMS[key].title).join(' · '),
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemDto) },
        examples: Object.fromEntries(keys.map((key) => [key, { value: example(key) }])),
      },
    },
  };
}

function example(key: ProblemKey): ProblemDto {
  const { status, title } = PROBLEMS[key];
  return { type: `urn:sluice:problem:${key}`, title, status, detail: title, requestId: 'c0ffee00-1' };
}
