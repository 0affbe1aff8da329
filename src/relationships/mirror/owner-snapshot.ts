import type { Id } from '../../platform/ids/ids.js';

/** An owner's relationships at one version. */
export interface OwnerSnapshot {
  ownerId: Id;
  version: number;
  friends: Id[];
  noise: Id[];
  blocks: Id[];
  mutes: Id[];
}
