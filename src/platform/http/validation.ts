import { applyDecorators, ValidationPipe, type ValidationError } from '@nestjs/common';
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
  return new ValidationPipe({
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

function messages(errors: ValidationError[]): string[] {
  return errors.flatMap((error) => [
    ...Object.values(error.constraints ?? {}),
    ...messages(error.children ?? []),
  ]);
}
