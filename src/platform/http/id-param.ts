import { Param, type PipeTransform } from '@nestjs/common';
import { isId, type Id } from '../ids/ids.js';
import { Problem } from './problem.js';

const idPipe: PipeTransform<unknown, Id> = {
  transform(value) {
    if (!isId(value)) throw new Problem('not-found');
    return value;
  },
};

/** An id in the path. What cannot be an id names nothing, so it is not found. */
export const IdParam = (name: string): ParameterDecorator => Param(name, idPipe);
