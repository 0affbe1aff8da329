import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';
import { Periodic } from '../platform/periodic.js';

/** `pulled`: merged when feeds are read. `pushing`: being written into feeds again, and merged until that is done. `never`: always written. */
export type PullState = 'pulled' | 'pushing' | 'never';

/** What was decided about an author. */
export interface PullDecision {
  state: PullState;
  /** Whether an operator did, so that it stays whatever the audience. */
  byOperator: boolean;
  /** Whether every process reads by it. */
  settled: boolean;
}

const pulledAuthors = sqlFile<{ id: Id; state: PullState }>(import.meta.url, './sql/pulled-authors.sql');
const pulledAuthor = sqlFile<PullDecision>(import.meta.url, './sql/pulled-author.sql');
const decideDelivery = sqlFile(import.meta.url, './sql/decide-delivery.sql');
const undecideDelivery = sqlFile(import.meta.url, './sql/undecide-delivery.sql');
const pullAuthor = sqlFile(import.meta.url, './sql/pull-author.sql');

const REFRESH_MS = 500;
/** A process does not read feeds by a list that is older than this. */
const GOOD_FOR_MS = 1_500;
/** So long after a decision every process reads by it. */
export const SETTLED_MS = 2_500;

/** Authors whose posts are merged into feeds when these are read, because too many follow them to write to each. */
@Injectable()
export class PulledAuthors implements OnModuleInit, BeforeApplicationShutdown {
  private readonly rounds = new Periodic('Pulled authors', REFRESH_MS, () => this.refresh());
  private known: readonly Id[] = [];
  private readAt = -Infinity;
  private refreshing: Promise<void> | undefined;

  constructor(private readonly primary: PrimaryDatabase) {}

  async onModuleInit(): Promise<void> {
    await this.refresh();
    this.rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }

  /** Their ids, not older than a second and a half. */
  async list(): Promise<readonly Id[]> {
    if (performance.now() - this.readAt > GOOD_FOR_MS) await this.refresh();
    return this.known;
  }

  /** What was decided about an author, as of now. */
  async find(author: Id): Promise<PullDecision | undefined> {
    return (await this.primary.query(pulledAuthor, [author, SETTLED_MS])).at(0);
  }

  /** Decides that an author is pulled, unless they are never to be. */
  async pull(author: Id): Promise<void> {
    await this.primary.query(pullAuthor, [author]);
  }

  /**
   * An operator's decision: always written (`push`), always merged (`pull`), or as the audience has it (`auto`). Posts that
   * were merged are written by the workers' next rounds, and are merged until then.
   */
  async decide(author: Id, delivery: 'push' | 'pull' | 'auto'): Promise<void> {
    if (delivery === 'auto') await this.primary.query(undecideDelivery, [author]);
    else await this.primary.query(decideDelivery, [author, delivery]);
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.read().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async read(): Promise<void> {
    const asked = performance.now();
    const rows = await this.primary.query(pulledAuthors);
    const ids = rows.filter(({ state }) => state !== 'never').map(({ id }) => id);
    // The same list as before stays the same object: what was derived from it is still good.
    if (ids.join() !== this.known.join()) this.known = ids;
    this.readAt = asked;
  }
}
