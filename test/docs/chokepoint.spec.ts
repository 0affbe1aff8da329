import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

/** A statement that writes a table of activities, or one whose name is put together, whichever it is then. */
const WRITES = new RegExp(
  String.raw`\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|COPY|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?` +
    String.raw`(?:"?\w+"?\s*\.\s*)?(?:"?activities(?!_fence)\w*|"?\$\{|%[sI])`,
  'gi',
);
const writesIn = (text: string): string[] => text.match(WRITES) ?? [];

const files = ['src', 'scripts'].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|sql|lua)$/.test(name) && !name.endsWith('.spec.ts'))
    .map((name) => `${folder}/${name}`),
);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

describe('the chokepoint', () => {
  it('is the only place that writes activities', () => {
    const writers = files.filter((path) => writesIn(read(path)).length > 0);
    const outside = writers.filter((path) => !path.startsWith('src/activities/'));
    expect(outside.map((path) => [path, ...writesIn(read(path))])).toEqual([]);
    // Otherwise it would see nothing.
    expect(files.length).toBeGreaterThan(150);
    expect(writers.length).toBeGreaterThan(1);
  });

  it.each([
    'INSERT INTO activities (recipient_id) VALUES (1)',
    'insert into "activities" SELECT 1',
    'INSERT INTO public.activities_b07 SELECT 1',
    'UPDATE ONLY activities SET stream = 1',
    'DELETE FROM\n  activities_b63 WHERE true',
    'MERGE INTO activities USING x ON true',
    'COPY activities (recipient_id) FROM STDIN',
    'TRUNCATE TABLE activities',
    'INSERT INTO ${leaf} SELECT 1',
    "format('DELETE FROM %I', leaf)",
  ])('knows a write when it sees one: %s', (statement) => {
    expect(writesIn(statement)).toHaveLength(1);
  });

  it.each([
    'SELECT FROM activities',
    'UPDATE activities_fence SET closed = true',
    'INSERT INTO outbox SELECT FROM activities',
    'copies activities',
  ])('and nothing else: %s', (statement) => {
    expect(writesIn(statement)).toEqual([]);
  });
});
