import { Injectable } from '@nestjs/common';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ChangeLog } from '../platform/redis/change-log.js';
import { KeptCopies } from '../platform/redis/kept-copies.js';
import { GraphView } from './graph-view.js';
import { Person } from './person.js';
import { ProfileCards } from './profile-cards.js';

/** Some 25,000 people. */
const MOST_KEPT_BYTES = 32 << 20;

/**
 * Copies of people in this process, for the feeds: the same authors come up on page after page. Whoever changes a card notes
 * so; whatever changes a count in the mirror that is read notes so in the same script (`note.lua`). So a copy is as good as
 * what Redis has at the time of the catch-up.
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
      // With its text.
      sizeOf: ({ card: { name, bio } }) => 1_000 + 3 * (name.length + bio.length),
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
    const [cards, counts] = await Promise.all([this.cards.inOrder(ids), this.graph.counts(ids)]);
    const people = new Map<Id, Person>();
    for (const card of cards) {
      const known = card && counts.get(card.id);
      if (known) people.set(card.id, new Person(card, known));
    }
    return people;
  }
}
