import { Injectable } from '@nestjs/common';
import { RowSize } from '../activities/row-size.js';
import { Config } from '../platform/config/config.js';
import type { Id } from '../platform/ids/ids.js';
import { DeliveryChoice } from './delivery-choice.js';
import { PulledAuthors } from './pulled-authors.js';
import { ReceiptReader } from './receipt-reader.js';

/** Why a post would be written or merged. */
export type DeliveryReason =
  'operator' | 'audience' | 'everybody-follows' | 'being-pushed' | 'small-audience';

/** What the next post of an author would cost. */
export interface DeliveryPreview {
  authorId: Id;
  delivery: 'push' | 'pull';
  reason: DeliveryReason;
  followers: number;
  /** How many rows would be written, at most: none for those who block or mute by then, or have not read for long. */
  rows: number;
  /** These rows with their indexes, as large as those that there are; null while there are too few of them. */
  bytes: number | null;
  /** At the pace of recent fan-outs; null when there was none. */
  seconds: number | null;
  sentence: string;
}

/** Tells what a post would cost before it is published. Decides nothing. */
@Injectable()
export class DeliveryPreviews {
  constructor(
    private readonly config: Config,
    private readonly choice: DeliveryChoice,
    private readonly pulled: PulledAuthors,
    private readonly receipts: ReceiptReader,
    private readonly rowSize: RowSize,
  ) {}

  async of(author: Id): Promise<DeliveryPreview> {
    const [followers, { delivery, reason }, rowBytes, pace] = await Promise.all([
      this.choice.followers(author),
      this.decision(author),
      this.rowSize.measure(),
      this.receipts.recentPace(),
    ]);
    const rows = delivery === 'pull' ? 0 : followers;
    return {
      authorId: author,
      delivery,
      reason,
      followers,
      rows,
      bytes: rows === 0 ? 0 : rowBytes && Math.round(rows * rowBytes),
      seconds: rows === 0 ? 0 : pace && Number((rows / pace).toFixed(3)),
      sentence: `${delivery === 'pull' ? 'Merged when feeds are read' : 'Written into each feed'}: ${this.explain(reason, followers)}.`,
    };
  }

  private async decision(author: Id): Promise<Pick<DeliveryPreview, 'delivery' | 'reason'>> {
    const known = await this.pulled.find(author);
    if (known?.byOperator)
      return { delivery: known.state === 'pulled' ? 'pull' : 'push', reason: 'operator' };
    if (known?.state === 'pushing') return { delivery: 'push', reason: 'being-pushed' };
    if (await this.choice.isHost(author)) return { delivery: 'pull', reason: 'everybody-follows' };
    const isPulled = known?.state === 'pulled' || (await this.choice.isDue(author));
    return isPulled
      ? { delivery: 'pull', reason: 'audience' }
      : { delivery: 'push', reason: 'small-audience' };
  }

  private explain(reason: DeliveryReason, followers: number): string {
    const { pullAudience } = this.config.feeds;
    switch (reason) {
      case 'operator':
        return 'an operator has decided so';
      case 'audience':
        return `${followers} follow; from ${pullAudience} on posts are merged, and until fewer than half of these are left`;
      case 'everybody-follows':
        return 'everybody follows this account (AUTO_FOLLOW)';
      case 'being-pushed':
        return 'the audience has shrunk, and what was merged is being written';
      case 'small-audience':
        return `${followers} follow, fewer than ${pullAudience}`;
    }
  }
}
