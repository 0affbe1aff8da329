import { compareIds, type Id } from '../../platform/ids/ids.js';
import type { MirrorSet } from '../mirror/keys.js';
import type { OwnerSnapshot } from '../mirror/owner-snapshot.js';

/** A user as Postgres knows them: everything that the mirror holds of one. */
export interface AuditSnapshot extends OwnerSnapshot {
  friendsCount: number;
  noiseCount: number;
  followers: number;
  blockers: Id[];
}

/** A user as the mirror holds them; `version` is null for one who is not in it. */
export interface MirroredUser {
  version: number | null;
  counts: { followers: number; friends: number; noise: number };
  sets: Record<MirrorSet, Id[]>;
}

export type DriftKind = 'missing' | 'version' | MirrorSet | 'followers' | 'counts';

/** One difference between Postgres and the mirror. */
export interface Drift {
  userId: Id;
  kind: DriftKind;
  /** What is different, with up to three examples. */
  detail: string;
}

/** Every difference between the two views of one user. */
export function compareUser(truth: AuditSnapshot, mirrored: MirroredUser): Drift[] {
  const { ownerId: userId } = truth;
  // Who never had a relationship need not be in the mirror; whoever asks for them has them loaded.
  if (mirrored.version === null && truth.version > 0) {
    return [{ userId, kind: 'missing', detail: 'is not in the mirror' }];
  }
  const expected: Record<MirrorSet, Id[]> = {
    following: [...truth.friends, ...truth.noise],
    noise: truth.noise,
    blocks: truth.blocks,
    mutes: truth.mutes,
    blockers: truth.blockers,
  };
  const drift: Drift[] = [];
  const differ = (kind: DriftKind, what: number | string, postgres: number, mirror: number) => {
    if (postgres !== mirror)
      drift.push({ userId, kind, detail: `${what}: ${postgres} in Postgres, ${mirror} in the mirror` });
  };
  differ('version', 'version', truth.version, mirrored.version ?? 0);
  for (const name of Object.keys(expected) as MirrorSet[]) {
    const detail = compareSets(expected[name], mirrored.sets[name]);
    if (detail) drift.push({ userId, kind: name, detail });
  }
  differ('followers', 'followers', truth.followers, mirrored.counts.followers);
  differ('counts', 'friends', truth.friendsCount, mirrored.counts.friends);
  differ('counts', 'noise', truth.noiseCount, mirrored.counts.noise);
  return drift;
}

function compareSets(postgres: readonly Id[], mirror: readonly Id[]): string | undefined {
  const truth = new Set(postgres);
  const held = new Set(mirror);
  const lacking = postgres.filter((id) => !held.has(id));
  const surplus = mirror.filter((id) => !truth.has(id));
  if (lacking.length === 0 && surplus.length === 0) return undefined;
  const examples = (ids: Id[]) => ids.sort(compareIds).slice(0, 3).join(', ');
  return [
    ...(lacking.length > 0 ? [`${lacking.length} lacking (${examples(lacking)})`] : []),
    ...(surplus.length > 0 ? [`${surplus.length} too many (${examples(surplus)})`] : []),
  ].join(', ');
}
