import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../../test/support/settings.js';
import { ConfigError, Environment, readEnvironment } from './environment.js';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** Name and default of each row of the table of settings, as the README has them. */
const documented = [...readme.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \| ([^|]+) \| [^|]+ \|$/gm)].map(
  ([, name, text]) => ({ name: name!, value: text!.trim() }),
);

/** The settings that cannot be left out. */
function required(): string[] {
  try {
    readEnvironment({});
  } catch (error) {
    if (error instanceof ConfigError)
      return settingNames().filter((name) => error.message.includes(` ${name} is not set`));
  }
  return [];
}

function shownDefault(name: string): string {
  if (required().includes(name)) return '*required*';
  const defaults: object = new Environment();
  const { [name]: value = '' } = defaults as Record<string, string | number | boolean | string[] | undefined>;
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return text === '' ? '—' : `\`${text}\``;
}

describe('the table of settings in the README', () => {
  it('names every setting once, and nothing else', () => {
    expect(documented.map(({ name }) => name).sort()).toEqual(settingNames().sort());
  });

  it.each(documented)('has the default of $name', ({ name, value }) => {
    expect(value).toBe(shownDefault(name));
  });
});
