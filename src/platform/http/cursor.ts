import { isId, type Id } from '../ids/ids.js';
import { Problem } from './problem.js';

/**
 * A keyset cursor: the position of the last entry of a page, as the ids that the page is ordered by, and the list it
 * belongs to. Base64url of `list.id.id…`; it holds no secret and grants nothing, so it is checked but not signed.
 */
export class Cursor {
  private constructor(readonly position: readonly Id[]) {}

  /**
   * @param list names the list, so that a cursor of one is refused by another
   * @param text what the client sent; undefined asks for the first page
   * @param width how many ids a position of this list has
   * @throws Problem `invalid-cursor`
   */
  static read(list: string, text: string | undefined, width = 1): Cursor | undefined {
    if (text === undefined) return undefined;
    const [name, ...position] = Buffer.from(text, 'base64url').toString('latin1').split('.');
    const canonical = name === list && position.length === width && position.every(isId);
    if (!canonical || Cursor.write(list, position) !== text) throw new Problem('invalid-cursor');
    return new Cursor(position);
  }

  static write(list: string, position: readonly Id[]): string {
    return Buffer.from([list, ...position].join('.'), 'latin1').toString('base64url');
  }
}
