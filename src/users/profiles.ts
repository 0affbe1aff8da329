import { Injectable } from '@nestjs/common';
import { Problem } from '../platform/http/problem.js';
import { isId, type Id } from '../platform/ids/ids.js';
import { type GraphFacts, GraphView, type Standing } from './graph-view.js';
import { KeptPeople } from './kept-people.js';
import { Person } from './person.js';
import { ProfileCards } from './profile-cards.js';
import { presentUser, type UserView } from './user-view.js';
import { type UserRow, UserStore } from './user-store.js';

/** Somebody whom a viewer may see. */
export interface VisibleUser {
  person: Person;
  standing: Standing;
}

/** What a caller has asked for already, and wants besides. */
export interface ProfileOptions {
  /** Facts, in the order of the ids; each id is given once then. */
  known?: readonly GraphFacts[] | Promise<readonly GraphFacts[]> | undefined;
  /** Shows those too whom a block hides. */
  evenBlocked?: boolean;
  /** Lets copies of people do, once this catch-up with the log of changes is over. */
  caughtUp?: Promise<boolean> | undefined;
}

/** Users as a viewer sees them: cards from the cache, counts and relationship from the graph, each in one batch. */
@Injectable()
export class Profiles {
  constructor(
    private readonly users: UserStore,
    private readonly cards: ProfileCards,
    private readonly people: KeptPeople,
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
    return presentUser({ card: row, counts: facts }, facts);
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
    const unique = known ? ids : [...new Set(ids)];
    const visible = await this.visible(viewer, unique, { known, evenBlocked });
    return new Map(
      visible.flatMap((user) =>
        user ? [[user.person.card.id, presentUser(user.person, user.standing)]] : [],
      ),
    );
  }

  /** As `byIds`, but what a view is put together from, in the order of the ids. */
  async visible(
    viewer: Id,
    ids: readonly Id[],
    { known, evenBlocked = false, caughtUp }: ProfileOptions = {},
  ): Promise<(VisibleUser | undefined)[]> {
    const kept = caughtUp && (await this.fromCopies(viewer, ids, caughtUp));
    const users = kept ?? (await this.fromStores(ids, known ?? this.graph.facts(viewer, ids)));
    return evenBlocked ? users : users.map((user) => (user && !isHidden(user.standing) ? user : undefined));
  }

  /**
   * How a viewer sees people of whom copies are at hand; undefined for who is blocked either way.
   * @param people copies that are kept as of a catch-up with the log of changes, each given once
   * @param caughtUp that catch-up
   */
  async seenBy(
    viewer: Id,
    people: readonly Person[],
    caughtUp: Promise<boolean>,
  ): Promise<(VisibleUser | undefined)[]> {
    const users = await this.stand(viewer, people, caughtUp);
    return users.map((user) => (isHidden(user.standing) ? undefined : user));
  }

  /** How a viewer stands to people of whom copies are at hand. */
  private async stand(
    viewer: Id,
    people: readonly Person[],
    caughtUp: Promise<boolean>,
  ): Promise<VisibleUser[]> {
    const standings = await this.graph.standingsTo(viewer, people, caughtUp);
    return people.map((person, index) => ({ person, standing: standings[index]! }));
  }

  /** @returns undefined when there is not a copy of everybody to be had */
  private async fromCopies(
    viewer: Id,
    ids: readonly Id[],
    caughtUp: Promise<boolean>,
  ): Promise<VisibleUser[] | undefined> {
    const people = await this.people.inOrder(ids, caughtUp).catch(() => []);
    const found = people.flatMap((person) => person ?? []);
    return found.length === ids.length ? this.stand(viewer, found, caughtUp) : undefined;
  }

  private async fromStores(
    ids: readonly Id[],
    asked: readonly GraphFacts[] | Promise<readonly GraphFacts[]>,
  ): Promise<(VisibleUser | undefined)[]> {
    const [cards, facts] = await Promise.all([this.cards.inOrder(ids), asked]);
    return cards.map((card, index) => {
      const standing = facts[index];
      return card && standing ? { person: new Person(card, standing), standing } : undefined;
    });
  }

  private async row(idOrName: string): Promise<Readonly<UserRow> | undefined> {
    if (idOrName.startsWith('@')) return this.users.byName(idOrName.slice(1));
    if (!isId(idOrName)) return undefined;
    return (await this.cards.inOrder([idOrName])).at(0);
  }
}

/** A block hides each from the other. */
const isHidden = ({ blocksMe, kind }: Standing): boolean => blocksMe || kind === 'block';
