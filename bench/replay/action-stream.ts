import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** What one person did to another, and when. `RT`: reposted, `MT`: mentioned, `RE`: answered. */
export interface Action {
  actor: string;
  target: string;
  /** In seconds since 1970. */
  at: number;
  kind: 'RT' | 'MT' | 'RE';
}

/** The first actions of a stream of lines `actor target unixtime kind`, in their order. */
export async function readActions(file: string, most: number): Promise<Action[]> {
  const actions: Action[] = [];
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()), crlfDelay: Infinity });
  for await (const line of lines) {
    const [actor, target, at, kind] = line.trim().split(' ');
    if (kind !== 'RT' && kind !== 'MT' && kind !== 'RE') throw new Error(`Not an action: ${line}`);
    actions.push({ actor: actor!, target: target!, at: Number(at), kind });
    if (actions.length === most) break;
  }
  return actions;
}
