import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ChangeLog } from '../platform/redis/change-log.js';
import { KeptCopies } from '../platform/redis/kept-copies.js';
import { GraphView } from './graph-view.js';
import { Person } from './person.js';
import { ProfileCards } from './profile-cards.js';

/** Some 20,000 people who follow a few. */
const MOST_KEPT_BYTES = 32 << 20;

/**
 * Copies of people in this process, for the feeds: the same authors come up on page after page. Whoever changes a card notes
 * so; whatever changes in the mirror how many follow them or whom they follow notes so in the same script (`note.lua`). So a
 * copy is as good as what Redis has at the time of the catch-up.
 */
@Injectable()
export class KeptPeople {
  private readonly copies: KeptCopies<Person>;

  constructor(
    log: ChangeLog,
    metrics: Metrics,
    private readonly cards: ProfileCards,
    private readonly graph: GraphView,
  ) {
    this.copies = new KeptCopies(log, metrics, {
      name: 'person',
      madeOf: ['card', 'counts'],
      mostBytes: MOST_KEPT_BYTES,
      // With its text, and whom they follow.
      sizeOf: ({ card: { name, bio }, following }) =>
        1_200 + 3 * (name.length + bio.length) + (following?.bytes ?? 0),
      told: (person, isKept) => (person.isKept = isKept),
      source: (ids) => this.read(ids),
    });
  }

  /**
   * These users, in their order; undefined for who does not exist (any more), or is not in the mirror.
   * @param caughtUp a catch-up with the log of changes that the caller has begun
   * @throws when Redis is away
   */
  inOrder(ids: readonly Id[], caughtUp: Promise<boolean>): Promise<(Person | undefined)[]> {
    return this.copies.inOrder(ids, caughtUp);
  }

  private async read(ids: readonly Id[]): Promise<Map<Id, Person>> {
    const [cards, outlines] = await Promise.all([this.cards.inOrder(ids), this.graph.outlines(ids)]);
    const people = new Map<Id, Person>();
    for (const card of cards) {
      const known = card && outlines.get(card.id);
      if (known) people.set(card.id, new Person(card, known, known.following));
    }
    return people;
  }
}
