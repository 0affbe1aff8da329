/** How often a page that lost entries to the rules is topped up before it is served short. */
const MOST_ROUNDS = 5;

export interface PageSource<Skeleton, Position, Entry> {
  limit: number;
  start: Position | undefined;
  /** Reads up to `size` skeletons behind a position. */
  skeleton(after: Position | undefined, size: number): Promise<readonly Skeleton[]>;
  positionOf(skeleton: Skeleton): Position;
  /** Hydrates skeletons and applies the rules; undefined for what is not to be shown. In the order given. */
  present(skeletons: readonly Skeleton[]): Promise<(Entry | undefined)[]>;
}

/**
 * Fills a page although the rules take entries out of it: reads on until it is full, the stream ends, or the bound on
 * rounds is reached.
 * @returns the entries, and the position behind which the next page goes on; undefined at the end of the stream
 */
export async function fillPage<Skeleton, Position, Entry>(
  source: PageSource<Skeleton, Position, Entry>,
): Promise<{ entries: Entry[]; next: Position | undefined }> {
  const { limit } = source;
  const entries: Entry[] = [];
  let after = source.start;
  const behind = (skeleton: Skeleton | undefined) =>
    skeleton === undefined ? after : source.positionOf(skeleton);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const size = limit + 1 - entries.length;
    const found = await source.skeleton(after, size);
    const presented = await source.present(found);
    for (let index = 0; index < found.length; index++) {
      const entry = presented[index];
      if (entry === undefined) continue;
      if (entries.length === limit) return { entries, next: behind(found[index - 1]) };
      entries.push(entry);
    }
    after = behind(found.at(-1));
    if (found.length < size) return { entries, next: undefined };
  }
  return { entries, next: after };
}
