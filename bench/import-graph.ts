import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import pgCopy from 'pg-copy-streams';
import { GraphImport } from '../src/ops/graph-import.js';
import { PrimaryDatabase } from '../src/platform/database/primary.js';
import type { Id } from '../src/platform/ids/ids.js';
import { MirrorRebuild } from '../src/relationships/mirror-rebuild.js';
import { type Benchmark, type BenchContext, type Report, type Series } from './harness/benchmark.js';
import { copyChunks } from './harness/copy.js';
import { sharedData } from './harness/shared-data.js';
import { pairedRatio } from './harness/statistics.js';

const SIZES: Record<string, { file: string; undirected: boolean }> = {
  medium: { file: 'graphs/soc-Epinions1_directed.tsv.gz', undirected: false },
  small: { file: 'graphs/facebook_combined.tsv.gz', undirected: true },
};
const ROUNDS = 3;
const COLUMNS = '(owner_id, subject_id, kind, since)';

/** A graph of follows through the operators' import: users, follows, and the mirror. */
export const importGraph: Benchmark = {
  name: 'import-graph',
  summary: 'import of a real graph, users and mirror included, against COPY of its edges alone',
  sizes: {
    medium: 'soc-Epinions1: 75,879 users, 508,837 edges',
    small: 'ego-Facebook: 4,039 users, 176,468 edges',
  },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const { file, undirected } = SIZES[size]!;
  const path = sharedData(file);
  // Reading the file from disk for the first time is no part of anything.
  await readFile(path);
  const services = await stack.services();
  // There is a mirror, if an empty one, so that imports keep it up.
  await services.get(MirrorRebuild).run();
  const client = await services.get(PrimaryDatabase).database.dedicatedClient();
  await client.query('CREATE TABLE copied (LIKE relationships INCLUDING ALL)');
  const imports: number[] = [];
  const copies: number[] = [];
  let facts = { users: 0, edges: 0, follows: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    // Other names make other users: each round adds the same graph once more.
    const before = await lastUser(client);
    const options = { file: path, undirected, prefix: `g${round}-`, kind: 'friend' } as const;
    let seconds: number;
    [facts, seconds] = await timed(() => services.get(GraphImport).run(options));
    imports.push(facts.edges / seconds);
    copies.push(facts.follows / (await copyFollows(client, before)));
    const figures = [imports, copies].map((all) => `${Math.round(all.at(-1)!)}/s`);
    say(`round ${round + 1} of ${ROUNDS}: import ${figures[0]}, COPY ${figures[1]}`);
  }
  await client.end();
  return report(facts, imports, copies);
}

/** Copies the follows of users above `before` into the table beside it. @returns the seconds that it took */
async function copyFollows(client: pg.Client, before: Id): Promise<number> {
  const rows = `(SELECT owner_id, subject_id, kind, since FROM relationships WHERE owner_id > ${before})`;
  const chunks: Buffer[] = [];
  await pipeline(client.query(pgCopy.to(`COPY ${rows} TO STDOUT`)), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk);
  });
  return (await timed(() => copyChunks(client, `copied ${COLUMNS}`, chunks)))[1];
}

async function lastUser(client: pg.Client): Promise<Id> {
  const { rows } = await client.query<{ last: Id }>('SELECT coalesce(max(id), 0) AS last FROM users');
  return rows[0]!.last;
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const began = performance.now();
  const result = await work();
  return [result, (performance.now() - began) / 1_000];
}

function report(
  facts: { users: number; edges: number; follows: number },
  imports: number[],
  copies: number[],
): Report {
  const headline: Series = {
    name: 'edgesPerSecond',
    label: 'edges, all in all',
    unit: '1/s',
    values: imports,
  };
  const limit: Series = {
    name: 'copyEdgesPerSecond',
    label: 'COPY of the edges',
    unit: '1/s',
    values: copies,
  };
  const seconds = imports.map((rate) => facts.edges / rate);
  const count = (value: number) => value.toLocaleString('en');
  return {
    headline,
    limit,
    ratio: pairedRatio(imports, copies),
    others: [{ name: 'importSeconds', label: 'whole import', unit: 's', values: seconds }],
    data: `${count(facts.users)} users, ${count(facts.edges)} edges`,
  };
}
