import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RevokedSessions } from '../auth/revoked-sessions.js';
import { LiveLog } from '../fanout/live-log.js';
import { Sleepers } from '../fanout/sleepers.js';
import { Config } from '../platform/config/config.js';
import { errorText } from '../platform/error-text.js';
import type { VerifiedViewer } from '../platform/http/access.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Periodic } from '../platform/periodic.js';
import { close, connect } from '../platform/redis/redis.js';
import { Listener } from './live/listener.js';
import { LiveEvents } from './live/live-events.js';

const LOOK_MS = 1_000;
/** Each so many looks clients are shown that the connection is alive, their logs are kept on, and looked into. */
const LOOKS_PER_BEAT = 15;
const ENTRIES_PER_READ = 50;

/**
 * The clients that listen to this process. Whatever process carries out the job, what comes goes into the viewer's log in
 * Redis; a message wakes the processes at which the viewer listens, and these read on from where each client has come
 * to. All clients share two connections to Redis. A message that is lost is made good at the next beat.
 */
@Injectable()
export class LiveStreams implements BeforeApplicationShutdown {
  private readonly logger = new Logger('LiveStreams');
  private readonly looks = new Periodic('Live streams', LOOK_MS, () => this.look());
  private readonly byViewer = new Map<Id, Set<Listener>>();
  private readonly pumping = new Map<Listener, { again: boolean }>();
  /** How many clients were cut off because they were too slow. */
  overflows = 0;
  private subscriber: Redis | undefined;
  private count = 0;
  private turn = 0;
  private isClosing = false;

  constructor(
    private readonly config: Config,
    private readonly log: LiveLog,
    private readonly events: LiveEvents,
    private readonly revoked: RevokedSessions,
    private readonly sleepers: Sleepers,
  ) {}

  /**
   * Lets a client listen.
   * @param position the last one that the client has got; undefined: from now on
   * @throws Problem `too-many-streams`; `overloaded` when the process has as many clients as it takes; `unavailable` when Redis is away
   */
  async open(viewer: VerifiedViewer, position: string | undefined): Promise<Listener> {
    const mine = this.byViewer.get(viewer.id) ?? new Set<Listener>();
    if (mine.size >= this.config.live.perUser)
      throw new Problem('too-many-streams', undefined, { retryAfterSeconds: 15 });
    if (this.isClosing || this.count >= this.config.live.perProcess) throw new Problem('overloaded');
    const listener = new Listener(viewer, position);
    this.byViewer.set(viewer.id, mine.add(listener));
    if (this.count++ === 0) this.looks.start();
    listener.onOverflow = () => this.overflows++;
    listener.body.once('close', () => this.leave(listener));
    try {
      await this.prepare(listener);
    } catch (error) {
      listener.body.destroy();
      this.logger.debug(`nobody can listen: ${errorText(error)}`);
      throw new Problem('unavailable');
    }
    listener.beat();
    this.wake(listener);
    return listener;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    for (const listener of this.all()) listener.end();
    await this.looks.stop();
    if (this.subscriber) await close(this.subscriber);
  }

  /** Sees to it that whatever comes from now on is kept, and that this process hears of it. */
  private async prepare(listener: Listener): Promise<void> {
    const { id } = listener.viewer;
    await this.sleepers.wakeUp(id);
    await this.subscribe(id);
    await this.log.keep(id);
    listener.position ??= (await this.log.read(id, undefined, 0))?.end;
    if (listener.position === undefined) throw new Error('there is no log');
  }

  private all(): Listener[] {
    return [...this.byViewer.values()].flatMap((listeners) => [...listeners]);
  }

  private leave(listener: Listener): void {
    const { id } = listener.viewer;
    const mine = this.byViewer.get(id);
    if (!mine?.delete(listener)) return;
    if (mine.size === 0) {
      this.byViewer.delete(id);
      this.subscriber?.unsubscribe(this.log.channel(id)).catch(() => undefined);
    }
    if (--this.count === 0) void this.looks.stop();
  }

  private async subscribe(viewer: Id): Promise<void> {
    this.subscriber ??= this.connect();
    await this.subscriber.subscribe(this.log.channel(viewer));
  }

  private connect(): Redis {
    const { graphUrl, timeoutMs } = this.config.redis;
    const subscriber = connect(graphUrl, 'live', {
      commandTimeout: timeoutMs,
      maxRetriesPerRequest: 1,
      // The check is an INFO, which a connection refuses that somebody subscribed by as soon as it was open: it would be
      // broken off, and all who came meanwhile be turned away. A server that is still loading takes subscriptions.
      enableReadyCheck: false,
      // Where the driver did it and failed, nobody could catch that, and the process would end.
      autoResubscribe: false,
    });
    subscriber.on('ready', () => this.subscribeAgain(subscriber));
    subscriber.on('message', (channel: string) => {
      const viewer = /\{(\d+)\}:log$/.exec(channel)?.[1] ?? '';
      for (const listener of this.byViewer.get(viewer) ?? []) this.wake(listener);
    });
    return subscriber;
  }

  /** After a connection that broke: for all who listen; a failure is answered with another connection. */
  private subscribeAgain(subscriber: Redis): void {
    const channels = [...this.byViewer.keys()].map((viewer) => this.log.channel(viewer));
    if (channels.length === 0) return;
    subscriber.subscribe(...channels).catch(() => {
      if (!this.isClosing) subscriber.disconnect(true);
    });
  }

  /** Ends who may not listen any more, and at every beat looks after all the others. */
  private async look(): Promise<void> {
    for (const listener of this.all()) {
      const { expiresAt, sessionId } = listener.viewer;
      if (expiresAt <= Date.now() || this.revoked.has(sessionId)) listener.end();
    }
    if (++this.turn % LOOKS_PER_BEAT !== 0) return;
    await Promise.all([...this.byViewer.keys()].map((viewer) => this.log.keep(viewer)));
    for (const listener of this.all()) {
      this.sleepers.noticeRead(listener.viewer.id, false);
      listener.beat();
      this.wake(listener);
    }
  }

  /** Sends a client what there is, one time after the other. */
  private wake(listener: Listener): void {
    const running = this.pumping.get(listener);
    if (running) {
      running.again = true;
      return;
    }
    const state = { again: true };
    this.pumping.set(listener, state);
    void this.pump(listener, state)
      .catch((error: unknown) => this.logger.debug(`to be sent at the next beat: ${errorText(error)}`))
      .finally(() => this.pumping.delete(listener));
  }

  private async pump(listener: Listener, state: { again: boolean }): Promise<void> {
    while (state.again && !listener.ended) {
      state.again = false;
      if (await this.sendNext(listener)) state.again = true;
    }
  }

  /** @returns whether there may be more */
  private async sendNext(listener: Listener): Promise<boolean> {
    const { id } = listener.viewer;
    const stretch = await this.log.read(id, listener.position, ENTRIES_PER_READ);
    if (!stretch) return false;
    if (!stretch.joins) {
      await listener.send('reset', {}, stretch.end);
      return false;
    }
    for (const { event, data, id: position } of await this.events.of(id, stretch.entries))
      await listener.send(event, data, position);
    listener.position = stretch.entries.at(-1)?.position ?? listener.position;
    return stretch.entries.length === ENTRIES_PER_READ;
  }
}
