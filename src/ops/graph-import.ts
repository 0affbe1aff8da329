import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { PrimaryDatabase } from '../platform/database/primary.js';
import type { Id } from '../platform/ids/ids.js';
import { BulkFollows } from '../relationships/bulk-follows.js';
import { BulkAccounts } from '../users/bulk-accounts.js';
import type { FollowKind } from '../users/user-view.js';
import { type EdgeList, readEdgeList } from './edge-list.js';

const USERS_PER_BATCH = 50_000;
const EDGES_PER_BATCH = 100_000;

export interface GraphImportOptions {
  file: string;
  /** Goes before each node to make its username. */
  prefix: string;
  /** Each line is a follow in both directions. */
  undirected: boolean;
  kind: FollowKind;
}

export interface GraphImportResult {
  users: number;
  edges: number;
  /** Follows that were not there before. */
  follows: number;
}

/** Told what is being done, and how much of it. */
export type ImportReport = (step: 'users' | 'follows', done: number, total: number) => void;

/** Imports a graph of follows. Repeating an import, or going on with one that was cut off, adds what is missing. */
@Injectable()
export class GraphImport {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly accounts: BulkAccounts,
    private readonly follows: BulkFollows,
  ) {}

  /** @throws EdgeListError when the file is not an edge list; nothing was imported then */
  async run(options: GraphImportOptions, report: ImportReport = () => undefined): Promise<GraphImportResult> {
    const graph = await readEdgeList(options.file, options.undirected);
    const client = await this.primary.database.dedicatedClient();
    try {
      const ids = await this.importUsers(client, graph, options.prefix, report);
      const follows = await this.importFollows(client, graph, ids, options.kind, report);
      // Autovacuum would come to it later; until then, index-only scans would go to the table for each row.
      await client.query('VACUUM (ANALYZE) relationships, graph_owners');
      return { users: graph.nodes.length, edges: graph.sources.length, follows };
    } finally {
      await client.end();
    }
  }

  private async importUsers(
    client: pg.Client,
    graph: EdgeList,
    prefix: string,
    report: ImportReport,
  ): Promise<Id[]> {
    const ids: Id[] = [];
    const { nodes } = graph;
    for (let start = 0; start < nodes.length; start += USERS_PER_BATCH) {
      const usernames = nodes.slice(start, start + USERS_PER_BATCH).map((node) => `${prefix}${node}`);
      for (const id of await this.accounts.ensure(client, usernames)) ids.push(id);
      report('users', ids.length, nodes.length);
    }
    return ids;
  }

  private async importFollows(
    client: pg.Client,
    { sources, targets }: EdgeList,
    ids: Id[],
    kind: FollowKind,
    report: ImportReport,
  ): Promise<number> {
    const order = bySource(sources, ids.length);
    let follows = 0;
    for (let start = 0; start < order.length;) {
      const end = endOfBatch(order, sources, start);
      const batch = order.subarray(start, end);
      follows += await this.follows.load(client, kind, edgesOf(batch, sources, targets, ids));
      report('follows', end, order.length);
      start = end;
    }
    return follows;
  }
}

/** Positions of edges ordered by source (a counting sort), so that an owner's edges lie side by side. */
function bySource(sources: Uint32Array, nodes: number): Uint32Array {
  const next = new Uint32Array(nodes + 1);
  for (const source of sources) next[source + 1]!++;
  for (let node = 0; node < nodes; node++) next[node + 1]! += next[node]!;
  const order = new Uint32Array(sources.length);
  sources.forEach((source, edge) => (order[next[source]!++] = edge));
  return order;
}

/** Where a batch ends: behind the last edge of an owner, so that each owner changes in one batch alone. */
function endOfBatch(order: Uint32Array, sources: Uint32Array, start: number): number {
  let end = Math.min(start + EDGES_PER_BATCH, order.length);
  while (end < order.length && sources[order[end]!] === sources[order[end - 1]!]) end++;
  return end;
}

function* edgesOf(
  batch: Uint32Array,
  sources: Uint32Array,
  targets: Uint32Array,
  ids: readonly Id[],
): Generator<readonly [Id, Id]> {
  for (const edge of batch) yield [ids[sources[edge]!]!, ids[targets[edge]!]!];
}
