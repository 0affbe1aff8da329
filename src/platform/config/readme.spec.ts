import { readFileSync } from 'node:fs';
import { getMetadataStorage } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { ConfigError, Environment, readEnvironment } from './environment.js';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** Name and default of each row of the table of settings, as the README has them. */
const documented = [...readme.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \| ([^|]+) \| [^|]+ \|$/gm)].map(
  ([, name, text]) => ({ name: name!, value: text!.trim() }),
);

/** Every setting there is: those with a default, and those with nothing but rules. */
function settings(): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Environment, '', false, false);
  return [...new Set([...Object.keys(new Environment()), ...rules.map((rule) => rule.propertyName)])];
}

/** The settings that cannot be left out. */
function required(): string[] {
  try {
    readEnvironment({});
  } catch (error) {
    if (error instanceof ConfigError)
      return settings().filter((name) => error.message.includes(` ${name} is not set`));
  }
  return [];
}

function shownDefault(name: string): string {
  if (required().includes(name)) return '*required*';
  const value = (new Environment() as unknown as Record<string, unknown>)[name];
  const text = Array.isArray(value) ? value.join(',') : String((value as string | undefined) ?? '');
  return text === '' ? '—' : `\`${text}\``;
}

describe('the table of settings in the README', () => {
  it('names every setting once, and nothing else', () => {
    expect(documented.map(({ name }) => name).sort()).toEqual(settings().sort());
  });

  it.each(documented)('has the default of $name', ({ name, value }) => {
    expect(value).toBe(shownDefault(name));
  });
});
