import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../platform/periodic.js';
import { MostFollowed } from './most-followed.js';

const EVERY_MS = 60_000;

/** Keeps the list of the most followed up, in one worker at a time: it is never much older than a minute. */
@Injectable()
export class MostFollowedKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly refreshes: Periodic;

  constructor(mostFollowed: MostFollowed) {
    this.refreshes = new Periodic('MostFollowed', EVERY_MS, async () => {
      await mostFollowed.refresh(EVERY_MS / 2);
    });
  }

  onApplicationBootstrap(): void {
    this.refreshes.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.refreshes.stop();
  }
}
