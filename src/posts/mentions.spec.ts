import { describe, expect, it } from 'vitest';
import { MOST_MENTIONS, mentionedNames } from './mentions.js';

describe('mentionedNames', () => {
  it.each([
    ['hello @Ada and @ada_2, (@bob-x)!', ['ada', 'ada_2', 'bob-x']],
    ['@ada@ada.org mail@example.org @@bob', ['ada']],
    ['@al @' + 'x'.repeat(31), []],
    ['سلام @ada。@bob', ['ada', 'bob']],
    ['', []],
  ])('%j', (text, names) => {
    expect(mentionedNames(text)).toEqual(names);
  });

  it('stops at the limit', () => {
    const text = Array.from({ length: MOST_MENTIONS + 5 }, (_, i) => `@user${i}`).join(' ');
    expect(mentionedNames(text)).toHaveLength(MOST_MENTIONS);
  });
});
