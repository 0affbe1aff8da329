import { Injectable } from '@nestjs/common';
import { Problem } from '../platform/http/problem.js';
import { isId, type Id } from '../platform/ids/ids.js';
import { type GraphFacts, GraphView } from './graph-view.js';
import { cardOf, type ProfileCard } from './profile-card.js';
import { ProfileCards } from './profile-cards.js';
import { presentUser, userText, type UserView } from './user-view.js';
import { UserStore } from './user-store.js';

/** Users as a viewer sees them: cards from the cache, counts and relationship from the graph, each in one batch. */
@Injectable()
export class Profiles {
  constructor(
    private readonly users: UserStore,
    private readonly cards: ProfileCards,
    private readonly graph: GraphView,
  ) {}

  /**
   * The profile under `@name` or an id. Who is blocked, either way, does not exist for the viewer.
   * @throws Problem `not-found`
   */
  async find(viewer: Id, idOrName: string): Promise<UserView> {
    const card = await this.card(idOrName);
    const [facts] = card ? await this.graph.facts(viewer, [card.id]) : [];
    if (!card || !facts || isHidden(facts)) throw new Problem('not-found', 'There is no such user.');
    return presentUser(card, facts);
  }

  /**
   * Profiles for ids, in one batch; who does not exist, or is blocked either way, is missing from the map.
   * @param evenBlocked shows those too whom a block hides: for the viewer's own list of them
   * @param known facts that the caller has read or asked for already, in the order of the ids
   */
  async byIds(
    viewer: Id,
    ids: readonly Id[],
    known?: readonly GraphFacts[] | Promise<readonly GraphFacts[]>,
    evenBlocked = false,
  ): Promise<Map<Id, UserView>> {
    return this.show(presentUser, viewer, ids, known, evenBlocked);
  }

  /** The same as JSON, for those who put a page together from texts. */
  async texts(
    viewer: Id,
    ids: readonly Id[],
    known?: readonly GraphFacts[] | Promise<readonly GraphFacts[]>,
  ): Promise<Map<Id, string>> {
    return this.show(userText, viewer, ids, known, false);
  }

  private async show<Shown>(
    present: (card: ProfileCard, facts: GraphFacts) => Shown,
    viewer: Id,
    ids: readonly Id[],
    known: readonly GraphFacts[] | Promise<readonly GraphFacts[]> | undefined,
    evenBlocked: boolean,
  ): Promise<Map<Id, Shown>> {
    const unique = known ? ids : [...new Set(ids)];
    const [cards, facts] = await Promise.all([
      this.cards.byIds(unique),
      known ?? this.graph.facts(viewer, unique),
    ]);
    const shown = new Map<Id, Shown>();
    unique.forEach((id, index) => {
      const card = cards.get(id);
      const fact = facts[index];
      if (card && fact && (evenBlocked || !isHidden(fact))) shown.set(id, present(card, fact));
    });
    return shown;
  }

  private async card(idOrName: string): Promise<ProfileCard | undefined> {
    if (idOrName.startsWith('@')) {
      const row = await this.users.byName(idOrName.slice(1));
      return row && cardOf(row);
    }
    if (!isId(idOrName)) return undefined;
    return (await this.cards.byIds([idOrName])).get(idOrName);
  }
}

/** A block hides each from the other. */
const isHidden = (facts: GraphFacts): boolean => facts.blocksMe || facts.kind === 'block';
