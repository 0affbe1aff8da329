import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../platform/periodic.js';
import { ShardMoves } from './shard-moves.js';

const EVERY_MS = 2_000;

/** Goes on, in every worker, with moves of buckets whose process is gone. */
@Injectable()
export class ShardMoveKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Periodic;

  constructor(moves: ShardMoves) {
    this.rounds = new Periodic('ShardMoveKeeper', EVERY_MS, async () => {
      await moves.adopt();
    });
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.rounds.stop();
  }
}
