import { readFile } from 'node:fs/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { GraphImport } from '../../src/ops/graph-import.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { loadGeneratedGraph } from './generated-graph.js';
import type { PowerLawOptions } from './power-law.js';
import { sharedData } from './shared-data.js';

/** A graph to measure on: an edge list among the shared data, or a generated one. */
export type GraphData = { file: string; undirected?: boolean } | PowerLawOptions;

/** SNAP's soc-Epinions1: 75,879 users, 508,837 follows. */
export const EPINIONS: GraphData = { file: 'graphs/soc-Epinions1_directed.tsv.gz' };
/** SNAP's ego-Facebook: 4,039 users, 88,234 friendships, both ways. */
export const FACEBOOK: GraphData = { file: 'graphs/facebook_combined.tsv.gz', undirected: true };
/** The generated power-law graph of 1 M users and 10 M follows. */
export const TEN_MILLION: GraphData = { users: 1_000_000, followsPerUser: 10, seed: 1 };

/** A graph that lies in Postgres. */
export interface FilledGraph {
  users: number;
  follows: number;
}

/** Puts a graph into an empty installation's Postgres; what the mirror holds of it afterwards is left open. */
export async function fillGraph(
  services: INestApplicationContext,
  data: GraphData,
  say: (line: string) => void,
): Promise<FilledGraph> {
  if (!('file' in data)) {
    const { users, follows } = await loadGeneratedGraph(services, data, say);
    return { users: users.length, follows };
  }
  const file = sharedData(data.file);
  await readFile(file);
  say('importing the graph');
  const options = { file, undirected: data.undirected ?? false, prefix: 'n', kind: 'friend' } as const;
  const { users, follows } = await services.get(GraphImport).run(options);
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  await client.query('VACUUM (ANALYZE)');
  await client.end();
  return { users, follows };
}

/** Both ends of follows that are drawn at random: who follows many, and who is followed by many, comes up more often. */
export async function drawFollows(
  services: INestApplicationContext,
  count: number,
): Promise<{ owner: Id; subject: Id }[]> {
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  try {
    // By a hash, so that every run on the same graph draws the same ones.
    const { rows } = await client.query<{ owner: Id; subject: Id }>(
      `SELECT owner_id AS owner, subject_id AS subject FROM relationships
       ORDER BY hashint8(owner_id) # hashint8(subject_id), owner_id, subject_id LIMIT $1`,
      [count],
    );
    return rows;
  } finally {
    await client.end();
  }
}
