import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { ACTIVITY_INDEXES, ACTIVITY_TABLE } from '../activities/activity-table.js';
import { Gate } from '../fanout/gate.js';
import type { Database } from '../platform/database/database.js';
import { ShardRouter } from '../platform/database/shards.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { BuildRun } from './index-build/build-run.js';
import { BuildStore, type GivenUp, type IndexWork, type KeptGate } from './index-build/build-store.js';
import { type BuildView, BuildViews } from './index-build/build-view.js';
import { checkedName, type IndexWish, toSpec } from './index-build/index-spec.js';
import { ShardBuilder } from './index-build/shard-builder.js';
import { Preflight, type ShardFinding } from './index-build/preflight.js';

export type { BuildView, ShardFinding };

/** What somebody wants done: an index built as described, or the one called `drop` dropped. */
export interface IndexRequest extends Partial<IndexWish> {
  drop?: string | undefined;
  /** Builds with the gate open, which takes two scans of the table and waits for every transaction. */
  concurrently?: boolean | undefined;
  /** Numbers of shards; all of them unless given. */
  shards?: readonly number[] | undefined;
  by: string;
  reason?: string | undefined;
  /** How many shards at a time. */
  parallel?: number | undefined;
  /** How long running jobs may take when the gate closes, in milliseconds. */
  timeoutMs?: number | undefined;
  /** When the gate reopens should the process die, in seconds. */
  reopenAfterSeconds?: number | undefined;
}

/** A build that was begun in this process. */
export interface StartedBuild {
  id: Id;
  /** Never fails: what went wrong stands in the build. */
  finished: Promise<void>;
}

const PARALLEL = 2;
const CLOSE_TIMEOUT_MS = 30_000;
const REOPEN_AFTER_SECONDS = 60;
const LISTED = 20;

/** Builds and drops indexes of the activities on the shards, behind the closed gate. */
@Injectable()
export class IndexBuilds implements BeforeApplicationShutdown {
  private readonly running = new Map<Id, { run: BuildRun; finished: Promise<void> }>();

  constructor(
    private readonly store: BuildStore,
    private readonly views: BuildViews,
    private readonly shards: ShardRouter,
    private readonly gate: Gate,
  ) {}

  /**
   * What there is to do on each shard; nothing is changed.
   * @throws Problem `invalid-request`, `index-conflict`, `not-found` (nothing to drop), or as the shards' being away
   */
  async plan(request: IndexRequest): Promise<{ work: IndexWork; findings: ShardFinding[] }> {
    const work = this.workOf(request);
    const findings = await new Preflight(ACTIVITY_TABLE, ACTIVITY_INDEXES).examine(
      work,
      this.databases(work),
    );
    return { work, findings };
  }

  /**
   * Begins a build, or goes on with the same one that was cut off, in this process.
   * @throws Problem as {@link plan}, and `index-build-running`
   */
  async start(request: IndexRequest): Promise<StartedBuild> {
    const { work } = await this.plan(request);
    const { by, reason = this.reasonFor(work) } = request;
    const runner = randomUUID();
    const { id, gates } = await this.store.claim(work, { by, reason }, runner);
    await this.openGates(gates, by);
    const run = new BuildRun(
      {
        id,
        runner,
        work,
        table: ACTIVITY_TABLE,
        shards: this.databases(work),
        gates: work.shards.length === this.shards.shards.length ? 'all' : 'each',
        parallel: request.parallel ?? PARALLEL,
        hold: {
          by,
          reason: `${reason} (index build ${id})`,
          timeoutMs: request.timeoutMs ?? CLOSE_TIMEOUT_MS,
          reopenAfterSeconds: request.reopenAfterSeconds ?? REOPEN_AFTER_SECONDS,
        },
      },
      this.store,
      this.gate,
    );
    const finished = run.run().finally(() => this.running.delete(id));
    this.running.set(id, { run, finished });
    return { id, finished };
  }

  /** @throws Problem `not-found` */
  async find(id: Id): Promise<BuildView> {
    const build = await this.store.find(id);
    if (!build) throw new Problem('not-found', 'There is no such index build.');
    return this.views.view(build);
  }

  /** The newest builds, newest first. */
  async list(): Promise<BuildView[]> {
    return Promise.all((await this.store.newest(LISTED)).map((build) => this.views.view(build)));
  }

  /**
   * Ends a build: what it is building is dropped, the gate opens, shards that have the index keep it. One that is over
   * stays as it is.
   * @throws Problem `not-found`
   */
  async abort(id: Id, by: string): Promise<BuildView> {
    await this.store.requestAbort(id);
    this.running.get(id)?.run.stop('aborted');
    const givenUp = await this.store.giveUp(id);
    if (givenUp) await this.clearAfter(givenUp, by);
    return this.find(id);
  }

  /** Does what the process of a build was killed before it could do. */
  private async clearAfter({ work, gates }: GivenUp, by: string): Promise<void> {
    await this.openGates(gates, by);
    if (work.action === 'drop') return;
    const never = new AbortController().signal;
    const clear = (shard: Database) =>
      ShardBuilder.run(shard, ACTIVITY_TABLE, never, (builder) => builder.clear(work.spec));
    await Promise.all([...this.databases(work).values()].map(clear));
  }

  /** What this process is building is interrupted; asking for it again goes on. */
  async beforeApplicationShutdown(): Promise<void> {
    const all = [...this.running.values()];
    for (const { run } of all) run.stop('interrupted');
    await Promise.all(all.map(({ finished }) => finished));
  }

  private async openGates(gates: readonly KeptGate[], by: string): Promise<void> {
    for (const { shard, closedAt } of gates)
      await this.gate.open(by, { shard, closedAt: new Date(closedAt) });
  }

  private workOf({ drop, columns, ...wish }: IndexRequest): IndexWork {
    const many = this.shards.shards.length;
    const shards = [...new Set(wish.shards ?? Array.from({ length: many }, (_, number) => number))].sort(
      (a, b) => a - b,
    );
    const unknown = shards.find((number) => !Number.isInteger(number) || number < 0 || number >= many);
    if (unknown !== undefined || shards.length === 0)
      throw new Problem(
        'invalid-request',
        `There is no shard ${unknown ?? ''}; they are numbered 0 to ${many - 1}.`,
      );
    const common = { shards, concurrently: wish.concurrently ?? false };
    if (drop === undefined)
      return {
        ...common,
        action: 'build',
        spec: toSpec({ ...wish, columns: columns ?? [] }, ACTIVITY_TABLE),
      };
    if (columns ?? wish.include ?? wish.unique ?? wish.where ?? wish.name)
      throw new Problem('invalid-request', 'To drop an index takes its name alone.');
    return { ...common, action: 'drop', name: checkedName(drop) };
  }

  private databases({ shards }: IndexWork): Map<number, Database> {
    return new Map(shards.map((number) => [number, this.shards.shards[number]!]));
  }

  private reasonFor(work: IndexWork): string {
    return work.action === 'build' ? `building ${work.spec.name}` : `dropping ${work.name}`;
  }
}
