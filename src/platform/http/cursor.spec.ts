import { describe, expect, it } from 'vitest';
import { Cursor } from './cursor.js';

describe('Cursor', () => {
  it('comes back as it went', () => {
    const text = Cursor.write('followers', ['123', '456']);
    expect(Cursor.read('followers', text, 2)?.position).toEqual(['123', '456']);
    expect(Cursor.read('followers', undefined)).toBeUndefined();
  });

  it.each([
    ['another list', Cursor.write('following', ['1'])],
    ['another width', Cursor.write('followers', ['1', '2'])],
    ['a negative id', Cursor.write('followers', ['-1'])],
    ['an id past 64 bits', Cursor.write('followers', ['9223372036854775808'])],
    ['text', 'hello'],
    ['nothing', ''],
    ['SQL', Cursor.write('followers', ["1' OR 1=1"])],
    ['a tail that decodes away', `${Cursor.write('followers', ['1'])}=`],
  ])('refuses %s', (_, text) => {
    expect(() => Cursor.read('followers', text)).toThrow(expect.objectContaining({ key: 'invalid-cursor' }));
  });
});
