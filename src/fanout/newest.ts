import { compareIds, type Id } from '../platform/ids/ids.js';

/**
 * Merges lists whose entries stand in descending order of their ids, each id once: so does what comes out, of at most `limit`
 * entries. Of two with the same id, the one of the earlier list stays.
 */
export function newest<Entry>(
  lists: readonly (readonly Entry[])[],
  idOf: (entry: Entry) => Id,
  limit: number,
): readonly Entry[] {
  const given = lists.filter((list) => list.length > 0);
  if (given.length <= 1) return (given[0] ?? []).slice(0, limit);
  return given.reduce((one, other) => newestOfTwo(one, other, idOf, limit));
}

function newestOfTwo<Entry>(
  one: readonly Entry[],
  other: readonly Entry[],
  idOf: (entry: Entry) => Id,
  limit: number,
): Entry[] {
  const found: Entry[] = [];
  let [a, b] = [0, 0];
  while (found.length < limit && a < one.length && b < other.length) {
    const order = compareIds(idOf(one[a]!), idOf(other[b]!));
    if (order === 0) b++;
    found.push(order >= 0 ? one[a++]! : other[b++]!);
  }
  while (found.length < limit && a < one.length) found.push(one[a++]!);
  while (found.length < limit && b < other.length) found.push(other[b++]!);
  return found;
}
