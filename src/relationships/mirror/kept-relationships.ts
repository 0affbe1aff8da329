import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Id } from '../../platform/ids/ids.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { ChangeLog } from '../../platform/redis/change-log.js';
import { KeptCopies } from '../../platform/redis/kept-copies.js';
import { GraphRedis } from '../../platform/redis/redis.js';
import { LuaScript } from '../../platform/redis/script.js';
import { Mirror } from './mirror.js';
import { RelationshipCodes } from './relationship-codes.js';

type ListTexts = [following: string, noise: string, blocks: string, mutes: string, blockers: string];

const readRelationships = LuaScript.load<(ListTexts | 0 | null)[] | null>(
  import.meta.url,
  './read-relationships.lua',
);

/** Some 10,000 viewers who follow three hundred each. */
const MOST_KEPT_BYTES = 32 << 20;
/** Of whoever stands to more, nothing is kept: they are asked about each time. */
const MOST_LISTED = 1_024;
/** Whoever comes once in this time, in milliseconds, may not come again: copies are made for who does. */
const AGAIN_WITHIN_MS = 120_000;
const MOST_REMEMBERED = 50_000;

/** Undefined for one who stands to too many. */
interface Kept {
  codes: RelationshipCodes | undefined;
}

/**
 * Copies of viewers' relationships in this process, for who reads one page after another. Whatever changes them in the mirror
 * notes so in the same script (`note.lua`): so a copy is as good as what Redis has at the time of the catch-up.
 */
@Injectable()
export class KeptRelationships {
  private readonly copies: KeptCopies<Kept>;
  private readonly seen = new LRUCache<Id, true>({ max: MOST_REMEMBERED, ttl: AGAIN_WITHIN_MS });

  constructor(
    log: ChangeLog,
    metrics: Metrics,
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
  ) {
    this.copies = new KeptCopies(log, metrics, {
      name: 'relationships',
      madeOf: ['relationships', 'counts'],
      mostBytes: MOST_KEPT_BYTES,
      sizeOf: ({ codes }) => 400 + (codes?.bytes ?? 0),
      source: (ids) => this.read(ids),
    });
  }

  /**
   * How a viewer stands to everybody; undefined when the mirror has to be asked.
   * @param caughtUp a catch-up with the log of changes that the caller has begun
   */
  async of(viewer: Id, caughtUp: Promise<boolean>): Promise<RelationshipCodes | undefined> {
    if (!this.copies.peek(viewer) && !this.isBack(viewer)) return undefined;
    const [kept] = await this.copies.inOrder([viewer], caughtUp).catch(() => []);
    return kept?.codes;
  }

  /** Whether `of` will most likely know. */
  has(viewer: Id): boolean {
    return this.copies.peek(viewer)?.codes !== undefined;
  }

  private isBack(viewer: Id): boolean {
    if (this.seen.has(viewer)) return true;
    this.seen.set(viewer, true);
    return false;
  }

  private async read(viewers: readonly Id[]): Promise<Map<Id, Kept>> {
    const { keys } = this.mirror;
    const args = [keys.root, MOST_LISTED, viewers.join(' ')];
    const answer = (await readRelationships.run(this.redis.client, [keys.epoch], args)) ?? [];
    const found = new Map<Id, Kept>();
    for (const [index, texts] of answer.entries())
      if (texts !== null) found.set(viewers[index]!, { codes: texts === 0 ? undefined : codesOf(texts) });
    return found;
  }
}

function codesOf(texts: ListTexts): RelationshipCodes {
  const [following, noise, blocks, mutes, blockers] = texts.map((text) =>
    text === '' ? [] : text.split(' '),
  );
  return new RelationshipCodes({
    following: following!,
    noise: noise!,
    blocks: blocks!,
    mutes: mutes!,
    blockers: blockers!,
  });
}
