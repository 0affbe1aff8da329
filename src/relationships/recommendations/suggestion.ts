import type { Id } from '../../platform/ids/ids.js';

/** Somebody to follow: how many of those whom the viewer follows follow them, and the first few of these by id. */
export interface Suggestion {
  id: Id;
  count: number;
  followers: Id[];
}

/** The best suggestions, in their order. */
export interface Suggestions {
  list: Suggestion[];
  /** Whether everybody was looked at. Otherwise the candidates come from a sample; their counts are exact all the same. */
  isWhole: boolean;
}

/** How many suggestions an answer holds at most: more than are shown, because some may turn out to be hidden. */
export const MOST_SUGGESTIONS = 60;
/** How many followers of each are named at most: more than are shown, for the same reason. */
export const MOST_NAMED = 4;

/** Most followed first; among equals, the newest account. */
export const byRank = (a: Suggestion, b: Suggestion): number => b.count - a.count || compareIds(b.id, a.id);

/** Orders ids by their value. */
export const compareIds = (a: Id, b: Id): number => a.length - b.length || (a < b ? -1 : Number(a > b));

/** One line for each suggestion, after one that says whether they are whole. */
export function writeSuggestions({ list, isWhole }: Suggestions): string {
  const lines = list.map(({ id, count, followers }) => [id, count, ...followers].join(' '));
  return [isWhole ? 'whole' : 'sample', ...lines].join('\n');
}

/** @param most how many are read; the others stay text, which is what most of the work would be */
export function readSuggestions(text: string, most: number): Suggestions {
  const [extent, ...lines] = text.split('\n', most + 1);
  const list = lines.map((line): Suggestion => {
    const [id, count, ...followers] = line.split(' ') as [Id, string, ...Id[]];
    return { id, count: Number(count), followers };
  });
  return { list, isWhole: extent === 'whole' };
}
