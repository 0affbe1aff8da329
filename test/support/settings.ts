import { getMetadataStorage } from 'class-validator';
import { Environment } from '../../src/platform/config/environment.js';

/** The name of every setting there is: those with a default, and those with nothing but rules. */
export function settingNames(): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Environment, '', false, false);
  return [...new Set([...Object.keys(new Environment()), ...rules.map((rule) => rule.propertyName)])];
}
