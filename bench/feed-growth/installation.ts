import { ActivityStore } from '../../src/activities/activity-store.js';
import { Tokens } from '../../src/auth/tokens.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { delivered, publish, PUSH_ALWAYS } from '../fan-out/publish.js';
import { FilledSystem, type GraphOptions } from '../feed-read/filled-system.js';
import { countHeapFetches } from '../feed-read/heap-fetches.js';
import { asking, drawReaders } from '../feed-read/readers.js';
import type { BenchStack } from '../harness/bench-stack.js';
import type { LoadResult, Target } from '../harness/load.js';
import type { ServerProcess } from '../harness/server-process.js';
import { makeNoiseAuthor } from './noise-author.js';
import { describeStores, type StoreSizes } from './store-sizes.js';

const EXPLAINED = 200;

/** Paces that all installations are read at, as shares of the greatest rate of one of them. */
export const PACES = { half: 1 / 2, quarter: 1 / 4 } as const;
export type Pace = keyof typeof PACES;

/** What was measured of an installation, round by round. */
interface Measured extends Record<Pace, LoadResult[]> {
  /** As many as are answered. */
  most: LoadResult[];
  fanOutRowsPerSecond: number[];
}

/** What the shards' index is to the feed query. */
export interface IndexUse {
  heapFetches: number;
  /** Pages of the index for one page of a feed. */
  pagesOfIndex: number;
}

/** One of the installations that differ in nothing but how many rows lie in their feeds: same people, same newest posts. */
export class Installation {
  readonly measured: Measured = { most: [], half: [], quarter: [], fanOutRowsPerSecond: [] };
  private server: ServerProcess | undefined;

  private constructor(
    private readonly stack: BenchStack,
    readonly system: FilledSystem,
    private readonly author: Id,
    private readonly audience: number,
  ) {}

  /** @param audience how many follow the one who posts, as noise: the friends feeds that are read stay as they are */
  static async create(
    stack: BenchStack,
    { graph, rows, audience }: { graph: GraphOptions; rows: number; audience: number },
    say: (line: string) => void,
  ): Promise<Installation> {
    const services = await stack.services();
    const system = await FilledSystem.create(services, graph, say);
    const author = await makeNoiseAuthor(services, audience);
    await system.fill(rows, say);
    return new Installation(stack, system, author, audience);
  }

  /** In millions, as `1M`. */
  get label(): string {
    return `${Number((this.system.activities / 1_000_000).toPrecision(1))}M`;
  }

  async sizes(): Promise<StoreSizes> {
    return describeStores(await this.stack.services());
  }

  /** Readers, the same in each installation, and which of them have more than a page in their feeds. */
  async readers(page: number): Promise<{ id: Id; hasFullPage: boolean }[]> {
    const activities = (await this.stack.services()).get(ActivityStore);
    const readers: { id: Id; hasFullPage: boolean }[] = [];
    for (const id of drawReaders(this.system)) {
      const rows = await activities.page(id, 'friends', undefined, page + 1);
      readers.push({ id, hasFullPage: rows.length > page });
    }
    return readers;
  }

  async indexUse(readers: readonly Id[]): Promise<IndexUse> {
    const sample = readers.slice(0, EXPLAINED);
    const { fetches, buffers } = await countHeapFetches(await this.stack.services(), sample);
    return { heapFetches: fetches, pagesOfIndex: buffers / sample.length };
  }

  /** Starts the process that answers, in place of the one before. */
  async serve(): Promise<void> {
    await this.server?.stop();
    this.server = await this.stack.serve({ kind: 'sluice', environment: { ...PUSH_ALWAYS, ROLES: 'http' } });
  }

  /** Starts the process that writes into feeds. */
  async work(): Promise<void> {
    await this.stack.serve({ kind: 'sluice', environment: { ...PUSH_ALWAYS, ROLES: 'worker' } });
  }

  /** These readers' first pages, to be asked for. */
  async feedsOf(readers: readonly Id[]): Promise<Target> {
    return asking(await this.stack.services(), this.server!.url, readers)('/v1/feeds/friends');
  }

  /** Posts once, and waits until everybody has the row. @returns rows written a second */
  async fanOut(): Promise<number> {
    const services = await this.stack.services();
    const token = services.get(Tokens).access({ id: this.author, sessionId: '1' });
    const ms = await delivered(services, await publish(this.server!.url, token));
    return (this.audience / ms) * 1_000;
  }
}
