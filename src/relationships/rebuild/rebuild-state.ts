import type { Redis } from 'ioredis';
import type { Id } from '../../platform/ids/ids.js';
import type { EncodedCommands } from './mass-insertion.js';
import { command } from './resp.js';
import type { MirrorKeys } from '../mirror/keys.js';

export type RebuildPhase = 'fill' | 'drain' | 'compare';

/** How far a rebuild is; what a restart goes on from, and what those who watch are told. */
export interface RebuildState {
  epoch: string;
  phase: RebuildPhase;
  /** Sets of owners up to this one are in Redis. */
  cursor: Id;
  /** Sets of owners up to this one may be in Redis, in part. */
  reach: Id;
  /** Relationships loaded. */
  edges: number;
  /** About how many there are. */
  total: number;
  /** When it began, in milliseconds since 1970. */
  startedAt: number;
}

/** Keeps the state of a rebuild in Redis, beside what it builds: the two are lost together, or not at all. */
export class RebuildStateStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: MirrorKeys,
  ) {}

  async read(): Promise<RebuildState | undefined> {
    const fields = await this.redis.hgetall(this.keys.rebuildState);
    if (!fields.epoch) return undefined;
    return {
      epoch: fields.epoch,
      phase: fields.phase as RebuildPhase,
      cursor: fields.cursor ?? '0',
      reach: fields.reach ?? '0',
      edges: Number(fields.edges),
      total: Number(fields.total),
      startedAt: Number(fields.startedAt),
    };
  }

  async write(change: Partial<RebuildState>): Promise<void> {
    await this.redis.hset(this.keys.rebuildState, change);
  }

  /** The command that records how far owners may have been loaded, to be sent before what loads them. */
  reachCommand(owner: Id): EncodedCommands {
    return { bytes: Buffer.from(command('HSET', this.keys.rebuildState, 'reach', owner)), commands: 1 };
  }

  async clear(): Promise<void> {
    await this.redis.del(this.keys.rebuildState);
  }
}
