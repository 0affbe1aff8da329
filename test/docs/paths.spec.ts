import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const files = ['src', 'test', 'migrations', 'scripts'].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map(
    (name) => `${folder}/${name}`,
  ),
);
const names = new Set(files.map((path) => basename(path)));

/** What a document points at: its links to files, and the paths and file names that it has in backticks. */
function pointers(text: string): string[] {
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)];
  const quoted = [
    ...text.matchAll(/`([\w./-]+\.(?:ts|mjs|cjs|sql|lua|yml)|(?:src|test|migrations|scripts)\/[\w./-]+)`/g),
  ];
  return [...links, ...quoted].map(([, path]) => path!);
}

describe.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/dependencies.md'])('%s', (name) => {
  it('points at files that there are', () => {
    const document = new URL(name, root);
    const found = pointers(readFileSync(document, 'utf8'));
    const lost = found.filter(
      (path) => ![document, root].some((from) => existsSync(new URL(path, from))) && !names.has(path),
    );
    expect(lost).toEqual([]);
  });
});
