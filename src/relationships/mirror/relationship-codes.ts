import type { Id } from '../../platform/ids/ids.js';
import { placeOf } from '../../users/followed-ids.js';
import type { FollowKind } from '../../users/user-view.js';
import { codeOf } from '../kinds.js';

/** Added to the code of who blocks the viewer. */
export const BLOCKS_ME = 16;

/** Ids of others, by how a viewer stands to them; who is followed as noise is among the followed ones too. */
export interface RelationshipLists {
  following: readonly Id[];
  noise: readonly Id[];
  blocks: readonly Id[];
  mutes: readonly Id[];
  blockers: readonly Id[];
}

/** How a viewer stands to all to whom they stand in any way, in nine bytes each. */
export class RelationshipCodes {
  private readonly sorted: BigInt64Array;
  private readonly codes: Uint8Array;

  constructor({ following, noise, blocks, mutes, blockers }: RelationshipLists) {
    const codes = new Map<Id, number>();
    const mark = (ids: readonly Id[], code: number) => {
      for (const id of ids) codes.set(id, code);
    };
    mark(following, codeOf('friend'));
    mark(noise, codeOf('noise'));
    mark(mutes, codeOf('mute'));
    mark(blocks, codeOf('block'));
    for (const id of blockers) codes.set(id, (codes.get(id) ?? 0) + BLOCKS_ME);
    this.sorted = BigInt64Array.from(codes.keys(), BigInt).sort();
    this.codes = Uint8Array.from(this.sorted, (key) => codes.get(String(key))!);
  }

  get bytes(): number {
    return this.sorted.byteLength + this.codes.byteLength;
  }

  /**
   * The code of the viewer's relationship to somebody, 0 without one; `BLOCKS_ME` more where they block the viewer.
   * @param key their id as a number
   */
  codeOf(key: bigint): number {
    const place = placeOf(key, this.sorted);
    return this.sorted[place] === key ? this.codes[place]! : 0;
  }

  /**
   * At which places among some keys are those whom the viewer follows in a way.
   * @param keys ids as numbers, in ascending order
   */
  placesFollowed(kind: FollowKind, keys: BigInt64Array): number[] {
    const { sorted, codes } = this;
    const code = codeOf(kind);
    const places: number[] = [];
    let [own, place] = [0, 0];
    while (own < sorted.length && place < keys.length) {
      const [mine, wanted] = [sorted[own]!, keys[place]!];
      if (mine === wanted && codes[own]! % BLOCKS_ME === code) places.push(place);
      if (mine <= wanted) own++;
      if (wanted <= mine) place++;
    }
    return places;
  }
}
