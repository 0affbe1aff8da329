import { Injectable } from '@nestjs/common';
import { Problem } from '../platform/http/problem.js';
import { isId, type Id } from '../platform/ids/ids.js';
import { type GraphFacts, GraphView } from './graph-view.js';
import { ProfileCards } from './profile-cards.js';
import { presentUser, type UserView } from './user-view.js';
import { type UserRow, UserStore } from './user-store.js';

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
    const row = await this.row(idOrName);
    const [facts] = row ? await this.graph.facts(viewer, [row.id]) : [];
    if (!row || !facts || isHidden(facts)) throw new Problem('not-found', 'There is no such user.');
    return presentUser(row, facts, facts);
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
    const unique = known ? [...ids] : [...new Set(ids)];
    const [cards, facts] = await Promise.all([
      this.cards.byIds(unique),
      known ?? this.graph.facts(viewer, unique),
    ]);
    const views = new Map<Id, UserView>();
    unique.forEach((id, index) => {
      const row = cards.get(id);
      const fact = facts[index];
      if (row && fact && (evenBlocked || !isHidden(fact))) views.set(id, presentUser(row, fact, fact));
    });
    return views;
  }

  private async row(idOrName: string): Promise<Readonly<UserRow> | undefined> {
    if (idOrName.startsWith('@')) return this.users.byName(idOrName.slice(1));
    if (!isId(idOrName)) return undefined;
    return (await this.cards.byIds([idOrName])).get(idOrName);
  }
}

/** A block hides each from the other. */
const isHidden = (facts: GraphFacts): boolean => facts.blocksMe || facts.kind === 'block';
