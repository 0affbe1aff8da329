import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { Random } from '../harness/random.js';

const DRAWN = 300;
const BUSIEST = 100;

/** Who asks for recommendations. */
export interface Viewers {
  /** By how many they follow. */
  drawn: readonly Id[];
  /** Those who follow most. */
  busiest: readonly Id[];
  /** First the ones, then the others. */
  all: readonly Id[];
  leastOfBusiest: number;
  users: number;
  follows: number;
}

export async function drawViewers(services: INestApplicationContext): Promise<Viewers> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    const { rows } = await client.query<{ id: Id; follows: number }>(
      'SELECT owner_id AS id, friends AS follows FROM graph_owners WHERE friends > 0 ORDER BY friends DESC, owner_id',
    );
    const users = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM users');
    const follows = rows.reduce((sum, row) => sum + row.follows, 0);
    const random = new Random(3);
    const places = Array.from({ length: DRAWN }, () => random.below(follows)).sort((a, b) => a - b);
    const drawn: Id[] = [];
    let upto = 0;
    for (const { id, follows: size } of rows) {
      upto += size;
      while (drawn.length < DRAWN && places[drawn.length]! < upto) drawn.push(id);
    }
    const busiest = rows.slice(0, BUSIEST);
    return {
      drawn,
      busiest: busiest.map(({ id }) => id),
      all: [...drawn, ...busiest.map(({ id }) => id)],
      leastOfBusiest: busiest.at(-1)!.follows,
      users: users.rows[0]!.n,
      follows,
    };
  } finally {
    await client.end();
  }
}
