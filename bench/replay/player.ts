import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request as httpRequest } from 'node:http';
import type { Id } from '../../src/platform/ids/ids.js';
import { Random } from '../harness/random.js';
import type { Action } from './action-stream.js';
import { PREFIX } from './people.js';
import type { PlainModel } from './plain-model.js';

const CONNECTIONS = 24;
/** A reader looks after one in so many posts. */
const PROBE_EVERY = 20;
const PROBE_PAGE = 50;
const PROBE_PATIENCE_MS = 30_000;

/** What came of the replay. */
export interface Played {
  /** Posts, reposts and comments that were answered with 201. */
  accepted: number;
  seconds: number;
  /** When each action was done, in seconds since the beginning, in their order. */
  doneAt: Float64Array;
  /** From the 201 until a follower had read it, in milliseconds. */
  readableMs: number[];
  /** How many of these followers' first reads did not have it. */
  inVain: number;
}

/**
 * Does what the stream says through the API, in its order, a bounded number of things at a time, as fast as they are
 * answered. Who is reposted or answered before having posted anything, posts first: in the data that happened earlier.
 */
export class Player {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS * 2 });
  private readonly random = new Random(5);
  private readonly latest = new Map<Id, Promise<Id>>();
  private readonly probes = new Set<Promise<void>>();
  private readonly readableMs: number[] = [];
  private accepted = 0;
  private inVain = 0;

  constructor(
    private readonly url: string,
    private readonly tokenOf: (user: Id) => string,
    private readonly ids: ReadonlyMap<string, Id>,
    private readonly model: PlainModel,
  ) {}

  async play(actions: readonly Action[], say: (line: string) => void): Promise<Played> {
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1_000;
    const doneAt = new Float64Array(actions.length);
    let turn = 0;
    const timer = setInterval(
      () => say(`${turn} of ${actions.length} actions, ${(turn / elapsed()).toFixed(0)}/s`),
      15_000,
    );
    const connection = async () => {
      while (turn < actions.length) {
        const number = turn++;
        await this.act(actions[number]!);
        doneAt[number] = elapsed();
      }
    };
    try {
      await Promise.all(Array.from({ length: CONNECTIONS }, connection));
      const seconds = elapsed();
      await Promise.all(this.probes);
      return { accepted: this.accepted, seconds, doneAt, readableMs: this.readableMs, inVain: this.inVain };
    } finally {
      clearInterval(timer);
      this.agent.destroy();
    }
  }

  private async act({ actor: actorName, target: targetName, kind }: Action): Promise<void> {
    const [actor, target] = [this.ids.get(actorName)!, this.ids.get(targetName)!];
    if (kind === 'MT') {
      const body = `Have you heard, @${PREFIX}${targetName}?`;
      await this.asLatest(actor, () => this.publish(actor, { body }, {}, target));
      return;
    }
    const post = await (this.latest.get(target) ??
      this.asLatest(target, () => this.publish(target, { body: 'Something has been found.' }, {})));
    if (kind === 'RT')
      await this.publish(actor, {}, { repostOf: post }, undefined, `/v1/posts/${post}/repost`);
    else await this.publish(actor, { body: 'Is that so?', commentOn: post }, { commentOn: post });
  }

  /** What others repost and answer from now on. */
  private asLatest(author: Id, publish: () => Promise<Id>): Promise<Id> {
    const post = publish();
    const before = this.latest.get(author);
    if (!before) this.latest.set(author, post);
    return post.then((id) => {
      this.latest.set(author, Promise.resolve(id));
      return id;
    });
  }

  private async publish(
    author: Id,
    body: object,
    hangsOn: { repostOf?: Id; commentOn?: Id },
    mentioned?: Id,
    path = '/v1/posts',
  ): Promise<Id> {
    const { status, text } = await this.ask('POST', path, author, JSON.stringify(body));
    if (status !== 201) throw new Error(`${path} was answered with ${status}: ${text}`);
    const at = performance.now();
    const { id } = JSON.parse(text) as { id: Id };
    this.model.add(id, { author, ...hangsOn }, mentioned);
    if (this.accepted++ % PROBE_EVERY === 0 && hangsOn.commentOn === undefined) this.probe(id, at);
    return id;
  }

  /** Has a follower look for a post until it is there. */
  private probe(post: Id, acceptedAt: number): void {
    const reader = this.model.readerOf(post, (readers) => this.random.pick(readers));
    if (reader === undefined) return;
    const probe = this.look(reader, post, acceptedAt).finally(() => this.probes.delete(probe));
    this.probes.add(probe);
  }

  private async look(reader: Id, post: Id, acceptedAt: number): Promise<void> {
    while (performance.now() - acceptedAt < PROBE_PATIENCE_MS) {
      if (await this.isInFeed(reader, post)) {
        this.readableMs.push(performance.now() - acceptedAt);
        return;
      }
      this.inVain++;
      await delay(2);
    }
    throw new Error(`Post ${post} does not come into the feed of ${reader}.`);
  }

  /** Looks through a feed from its newest entry down to where the post belongs: others may have come before it meanwhile. */
  private async isInFeed(reader: Id, post: Id): Promise<boolean> {
    for (let cursor = ''; ;) {
      const path = `/v1/feeds/friends?limit=${PROBE_PAGE}${cursor}`;
      const { status, text } = await this.ask('GET', path, reader);
      if (status !== 200) throw new Error(`A feed was answered with ${status}: ${text}`);
      const { data, page } = JSON.parse(text) as { data: { id: Id }[]; page: { next: string | null } };
      if (data.some(({ id }) => id === post)) return true;
      const last = data.at(-1);
      if (!last || page.next === null || BigInt(last.id) < BigInt(post)) return false;
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
  }

  private ask(
    method: string,
    path: string,
    user: Id,
    body?: string,
  ): Promise<{ status: number; text: string }> {
    const headers = {
      authorization: `Bearer ${this.tokenOf(user)}`,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        new URL(path, this.url),
        { method, headers, agent: this.agent },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode!, text }));
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}
