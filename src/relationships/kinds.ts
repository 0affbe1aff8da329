import type { RelationshipKind } from '../users/user-view.js';

/** How kinds are stored; a code never changes its meaning. */
const CODES = { friend: 1, noise: 2, block: 3, mute: 4 } as const satisfies Record<RelationshipKind, number>;
const KINDS: readonly (RelationshipKind | undefined)[] = [undefined, 'friend', 'noise', 'block', 'mute'];

export const RELATIONSHIP_KINDS = Object.keys(CODES) as RelationshipKind[];

export const codeOf = (kind: RelationshipKind): number => CODES[kind];
export const kindOf = (code: number | null | undefined): RelationshipKind | null => KINDS[code ?? 0] ?? null;

/** Whether a kind delivers posts: friend and noise do. */
export const isFollow = (kind: RelationshipKind | null): kind is 'friend' | 'noise' =>
  kind === 'friend' || kind === 'noise';
