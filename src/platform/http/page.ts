/** A page of a list: its entries, and the cursor of the next page (null at the end). */
export interface Page<Entry> {
  data: Entry[];
  page: { next: string | null; complete: boolean };
}

/**
 * Cuts a page from one entry more than it holds: the surplus entry only tells that there is a next page.
 * @param found up to `limit + 1` entries in order
 * @param cursorOf the cursor that continues behind an entry
 */
export function cutPage<Entry>(
  found: Entry[],
  limit: number,
  cursorOf: (last: Entry) => string,
): Page<Entry> {
  const data = found.slice(0, limit);
  const next = found.length > limit && data.length > 0 ? cursorOf(data.at(-1)!) : null;
  return { data, page: { next, complete: true } };
}
