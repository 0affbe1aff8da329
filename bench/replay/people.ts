import type { INestApplicationContext } from '@nestjs/common';
import type { Action } from './action-stream.js';
import { GraphImport } from '../../src/ops/graph-import.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { BulkAccounts } from '../../src/users/bulk-accounts.js';

/** Long enough to be mentioned, whatever the number behind it. */
export const PREFIX = 'higgs';

export interface People {
  /** By the name that the data has for them. */
  ids: ReadonlyMap<string, Id>;
  /** Pairs of owner and subject. */
  follows: readonly (readonly [Id, Id])[];
}

/** Loads the follows, all as friends, and makes accounts for everybody else who acts or is acted upon. */
export async function loadPeople(
  services: INestApplicationContext,
  graph: string,
  actions: readonly Action[],
): Promise<People> {
  await services.get(GraphImport).run({ file: graph, undirected: false, prefix: PREFIX, kind: 'friend' });
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const names = [...new Set(actions.flatMap(({ actor, target }) => [actor, target]))];
    const made = await services.get(BulkAccounts).ensure(
      client,
      names.map((name) => PREFIX + name),
    );
    const { rows } = await client.query<[Id, Id]>({
      text: 'SELECT owner_id, subject_id FROM relationships',
      rowMode: 'array',
    });
    await client.query('VACUUM (ANALYZE)');
    await services.get(MirrorRebuild).run();
    return { ids: new Map(names.map((name, index) => [name, made[index]!])), follows: rows };
  } finally {
    await client.end();
  }
}
