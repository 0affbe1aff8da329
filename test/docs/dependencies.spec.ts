import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

const manifest = JSON.parse(read('package.json')) as Record<string, object | undefined>;
const [, ...sections] = read('docs/dependencies.md').split(/^## /m);
const lines = new Map(
  sections.map((section) => [
    section.split('\n', 1)[0]!,
    [...section.matchAll(/^\| `([^`]+)` \|(?: [^|]+ \|)+$/gm)].map(([, name]) => name),
  ]),
);

describe('docs/dependencies.md', () => {
  it.each(['dependencies', 'devDependencies', 'overrides', 'allowScripts'])(
    'has a line for each of the %s, and no other',
    (section) => {
      expect(lines.get(section)?.sort()).toEqual(Object.keys(manifest[section] ?? {}).sort());
    },
  );

  it('speaks of every kind of dependency that there is', () => {
    const kinds = Object.keys(manifest).filter((name) =>
      /dependencies$|^overrides$|^allowScripts$/i.test(name),
    );
    expect([...lines.keys()].sort()).toEqual(kinds.sort());
  });
});
