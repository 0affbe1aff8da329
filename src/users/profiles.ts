import { Injectable } from '@nestjs/common';
import { Problem } from '../platform/http/problem.js';
import { isId, type Id } from '../platform/ids/ids.js';
import { type GraphFacts, GraphView } from './graph-view.js';
import { ProfileCards } from './profile-cards.js';
import { presentUser, type UserView } from './user-view.js';
import { type UserRow, UserStore } from './user-store.js';

/** Somebody whom a viewer may see. */
export interface VisibleUser {
  row: Readonly<UserRow>;
  facts: GraphFacts;
}

/** What a caller has asked for already, and wants besides. */
export interface ProfileOptions {
  /** Facts, in the order of the ids; each id is given once then. */
  known?: readonly GraphFacts[] | Promise<readonly GraphFacts[]> | undefined;
  /** Shows those too whom a block hides. */
  evenBlocked?: boolean;
  /** A catch-up with the log of changes, for cards to be right as of. */
  caughtUp?: Promise<boolean> | undefined;
}

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
    const visible = await this.visible(viewer, ids, { known, evenBlocked });
    return new Map([...visible].map(([id, { row, facts }]) => [id, presentUser(row, facts, facts)]));
  }

  /** As `byIds`, but what a view is put together from. */
  async visible(
    viewer: Id,
    ids: readonly Id[],
    { known, evenBlocked = false, caughtUp }: ProfileOptions = {},
  ): Promise<Map<Id, VisibleUser>> {
    const unique = known ? ids : [...new Set(ids)];
    const [cards, facts] = await Promise.all([
      this.cards.byIds(unique, caughtUp),
      known ?? this.graph.facts(viewer, unique),
    ]);
    const visible = new Map<Id, VisibleUser>();
    unique.forEach((id, index) => {
      const row = cards.get(id);
      const fact = facts[index];
      if (row && fact && (evenBlocked || !isHidden(fact))) visible.set(id, { row, facts: fact });
    });
    return visible;
  }

  private async row(idOrName: string): Promise<Readonly<UserRow> | undefined> {
    if (idOrName.startsWith('@')) return this.users.byName(idOrName.slice(1));
    if (!isId(idOrName)) return undefined;
    return (await this.cards.byIds([idOrName])).get(idOrName);
  }
}

/** A block hides each from the other. */
const isHidden = (facts: GraphFacts): boolean => facts.blocksMe || facts.kind === 'block';
