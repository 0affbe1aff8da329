import {
  applyDecorators,
  type ArgumentMetadata,
  type Type,
  type ValidationError,
  ValidationPipe,
} from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { registerDecorator, ValidateIf } from 'class-validator';
import { isId } from '../ids/ids.js';
import { Problem } from './problem.js';

function rule(name: string, message: string, validate: (value: unknown) => boolean): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: property as string,
      options: { message: `$property ${message}` },
      validator: { validate },
    });
}

/** The property may be left out. Null is a value, and has to pass what is asked of one (`IsOptional` lets it through). */
export const MayBeLeftOut = (): PropertyDecorator => ValidateIf((_, value: unknown) => value !== undefined);

/** A 64-bit id as a decimal string. */
export const IsIdText = (): PropertyDecorator =>
  rule('isIdText', 'must be an id: a positive 64-bit decimal number as a string', isId);

/** Up to `most` ids as decimal strings. */
export const IsIdList = (most: number): PropertyDecorator =>
  rule(
    'isIdList',
    `must be a list of 1 to ${most} ids`,
    (value) => Array.isArray(value) && value.length >= 1 && value.length <= most && value.every(isId),
  );

/**
 * Text of any script: between `least` and `most` code points, without NUL (which Postgres cannot hold) and without
 * lone surrogates (which are no characters).
 */
export const IsPlainText = (least: number, most: number): PropertyDecorator =>
  rule(
    'isPlainText',
    `must be text of ${least} to ${most} characters, without NUL and lone surrogates`,
    (value) =>
      typeof value === 'string' &&
      value.length <= 2 * most &&
      value.isWellFormed() &&
      !value.includes('\0') &&
      codePoints(value) >= least &&
      codePoints(value) <= most,
  );

const codePoints = (text: string): number => Array.from(text).length;

/** A page size: a whole number, 20 unless given. */
export const PageLimit = (most = 100): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type: 'integer', minimum: 1, maximum: most, default: 20, required: false }),
    Transform(({ value }: { value: unknown }): unknown =>
      typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value,
    ),
    rule(
      'pageLimit',
      `must be a whole number from 1 to ${most}`,
      (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most,
    ),
  );

/** A switch in a query: `true` or `false`, and `false` when it is left out. */
export const Flag = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type: 'boolean', default: false, required: false }),
    Transform(({ value }: { value: unknown }): unknown =>
      value === 'true' ? true : value === 'false' ? false : value,
    ),
    rule('flag', 'must be true or false', (value) => typeof value === 'boolean'),
  );

/** Checks bodies and queries against their DTOs; a property that no DTO names is refused. */
export function validationPipe(): ValidationPipe {
  return new RememberingPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      new Problem('invalid-request', undefined, { errors: messages(errors).slice(0, 20) }),
  });
}

/** Queries that are remembered are so short, which those with cursors are not, and so many of each DTO. */
const MOST_REMEMBERED_LENGTH = 64;
const MOST_REMEMBERED = 100;

/**
 * Remembers queries that were found valid: what a query comes to depends on nothing but the query, most are one of a few,
 * and to check one takes as long as to put a page together.
 */
class RememberingPipe extends ValidationPipe {
  private readonly known = new Map<Type, Map<string, object>>();

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    const isWhole = type === 'query' && metatype && typeof value === 'object' && !Array.isArray(value);
    const key = isWhole ? JSON.stringify(value) : undefined;
    if (key === undefined || key.length > MOST_REMEMBERED_LENGTH) return super.transform(value, metadata);
    const queries = this.known.get(metatype!) ?? new Map<string, object>();
    let query = queries.get(key);
    if (query === undefined) {
      query = (await super.transform(value, metadata)) as object;
      if (queries.size >= MOST_REMEMBERED) queries.clear();
      this.known.set(metatype!, queries.set(key, query));
    }
    // A copy: whoever gets it may do with it what they like.
    return Object.assign(Object.create(Object.getPrototypeOf(query) as object) as object, query);
  }
}

function messages(errors: ValidationError[]): string[] {
  return errors.flatMap((error) => [
    ...Object.values(error.constraints ?? {}),
    ...messages(error.children ?? []),
  ]);
}
