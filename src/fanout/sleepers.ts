import { Injectable, Logger } from '@nestjs/common';
import type { ShardRefusal } from '../activities/write-outcome.js';
import { Config } from '../platform/config/config.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { errorText } from '../platform/error-text.js';
import { compareIds, firstIdAt, type Id } from '../platform/ids/ids.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { defineJob } from '../platform/queues/job.js';
import { PendingPosts } from './pending-posts.js';
import { Placements } from './placements.js';

/** Somebody reads again after a long time: what was not written for them meanwhile is to be filled in. */
export const sleeperWoke = defineJob<{ readerId: Id }>('sleeper.woke', 'activities', 1);

const noteRead = sqlFile(import.meta.url, './sql/note-read.sql');
const fallAsleep = sqlFile<{ upto: Id | null }>(import.meta.url, './sql/fall-asleep.sql');
const wakeSleeper = sqlFile(import.meta.url, './sql/wake-sleeper.sql');
const readSleeper = sqlFile<{ since_id: Id }>(import.meta.url, './sql/read-sleeper.sql');
const forgetSleeper = sqlFile(import.meta.url, './sql/forget-sleeper.sql');

const NOTED_FOR_MS = 20 * 60_000;
const MOST_NOTED = 100_000;
const USERS_PER_ROUND = 5_000;
/** A post may commit so much later than its id was drawn, in milliseconds. */
const MARGIN_MS = 10 * 60_000;

/**
 * Readers who have not read for a long time: fan-out passes them over. The first read after that pulls everything, and
 * behind it their rows are filled in. From the moment at which they wake fan-out sees them again; what it passed over
 * before was published before, and is found by the filling in.
 */
@Injectable()
export class Sleepers {
  private readonly logger = new Logger('Sleepers');
  private noted = new Map<Id, number>();
  private walkedUpto: Id = '0';

  constructor(
    private readonly config: Config,
    private readonly primary: PrimaryDatabase,
    private readonly outbox: Outbox,
    private readonly pending: PendingPosts,
    private readonly placements: Placements,
  ) {}

  /** Takes note of a read, behind the reader's back; one that is lost comes again with the next. */
  noticeRead(reader: Id, asleep: boolean): void {
    const now = Date.now();
    if (!asleep && (this.noted.get(reader) ?? 0) > now - NOTED_FOR_MS) return;
    if (this.noted.size >= MOST_NOTED) this.noted.clear();
    this.noted.set(reader, now);
    const work = asleep ? this.wake(reader) : this.primary.query(noteRead, [reader]);
    work.catch((error: unknown) => {
      this.noted.delete(reader);
      this.logger.debug(`a read was not noted: ${errorText(error)}`);
    });
  }

  /** Has fan-out see a reader from now on, whether or not they slept. */
  async wakeUp(reader: Id): Promise<void> {
    const [row] = await this.primary.query(readSleeper, [reader]);
    if (row) await this.wake(reader);
    else this.noticeRead(reader, false);
  }

  /** Lets the next few users fall asleep who have not read for long; called again and again it comes to all of them. */
  async walk(): Promise<void> {
    const { posts, all } = await this.pending.list();
    if (!all) return;
    const now = firstIdAt(new Date(Date.now() - MARGIN_MS));
    const oldest = posts.at(-1)?.id ?? now;
    const since = compareIds(oldest, now) < 0 ? oldest : now;
    const parameters = [this.walkedUpto, USERS_PER_ROUND, this.config.feeds.dormantAfterSeconds, since];
    const [row] = await this.primary.query(fallAsleep, parameters);
    this.walkedUpto = row?.upto ?? '0';
  }

  /** Fills in what was passed over. @returns the shard that did not take it, if it did not */
  async refill(reader: Id): Promise<ShardRefusal | undefined> {
    const [row] = await this.primary.query(readSleeper, [reader]);
    if (!row) return undefined;
    const refusal = await this.placements.refill(reader, row.since_id);
    if (!refusal) await this.primary.query(forgetSleeper, [reader]);
    return refusal;
  }

  private async wake(reader: Id): Promise<void> {
    await this.primary.transaction(async (transaction) => {
      const [woken] = await transaction.query(wakeSleeper, [reader]);
      if (woken) await this.outbox.record(transaction, sleeperWoke, { readerId: reader });
    });
    await this.primary.query(noteRead, [reader]);
  }
}
