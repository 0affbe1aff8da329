import { describe, expect, it } from 'vitest';
import { readable } from './slow-queries.js';

describe('a statement as it is shown', () => {
  it.each([
    ['SELECT 1\n  -- a note\n FROM x', 'SELECT 1 FROM x'],
    ["ALTER ROLE me PASSWORD 'it''s -- secret'", "ALTER ROLE me PASSWORD '…'"],
    ["SELECT E'a\\'b' AS \"it's\"", "SELECT E'…' AS \"it's\""],
    ["/* it's */ SELECT $1, $2", 'SELECT $1, $2'],
    ["DO $$ BEGIN PERFORM 'x'; END $$", "DO '…'"],
    ["DO $a$ $$ '$a$ AND 1", "DO '…' AND 1"],
    ['x'.repeat(600), `${'x'.repeat(500)}…`],
  ])('%j', (given, shown) => {
    expect(readable(given)).toBe(shown);
  });
});
