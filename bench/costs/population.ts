import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { Random } from '../harness/random.js';

/** Requests under way at a time. */
const AT_A_TIME = 16;
const DRAINED_WITHIN_MS = 300_000;
const WORDS =
  'rivers bread weather and old machines bring one more word to the feed of a quiet morning'.split(' ');

/** Someone who signed up. */
export interface Person {
  id: Id;
  token: string;
}

/** People who do over HTTP what people do. */
export class Population {
  private readonly random = new Random(1);
  readonly people: Person[] = [];

  constructor(
    private readonly services: INestApplicationContext,
    private readonly url: string,
  ) {}

  async signUp(count: number): Promise<void> {
    const before = this.people.length;
    await this.repeat(count, async (number) => {
      const username = `person${before + number}`;
      const account = { username, email: `${username}@example.org`, password: 'correct horse battery' };
      const { user, accessToken } = await this.send<SignedUp>('POST', '/v1/auth/signup', undefined, account);
      this.people.push({ id: user.id, token: accessToken });
    });
  }

  /** Everybody follows so many: the next ones in a row. */
  async follow(each: number): Promise<void> {
    const { people } = this;
    await this.repeat(people.length * each, async (number) => {
      // Whoever follows somebody follows the next one long after that, as people do.
      const place = number % people.length;
      const whom = people[(place + 1 + Math.floor(number / people.length)) % people.length]!;
      await this.send('PUT', `/v1/relationships/${whom.id}`, people[place], { kind: 'friend' });
    });
  }

  async post(count: number): Promise<void> {
    await this.repeat(count, async (number) => {
      const words = Array.from({ length: 5 + this.random.below(30) }, () => this.random.pick(WORDS));
      await this.send('POST', '/v1/posts', this.one(number), { body: words.join(' ') });
    });
  }

  async love(posts: readonly Id[]): Promise<void> {
    await this.repeat(posts.length, (number) =>
      this.send('PUT', `/v1/posts/${posts[number]}/love`, this.one(number + 1)),
    );
  }

  async readFeeds(count: number): Promise<void> {
    await this.repeat(count, (number) => this.send('GET', '/v1/feeds/friends', this.one(number)));
  }

  /** Waits until everything that follows is done. */
  async drained(): Promise<void> {
    const deadline = performance.now() + DRAINED_WITHIN_MS;
    const outbox = { name: 'bench_outbox', text: 'SELECT count(*)::int AS size FROM outbox' };
    while (performance.now() < deadline) {
      const [row] = await this.services.get(PrimaryDatabase).query<{ size: number }>(outbox);
      if (row!.size === 0) return;
      await delay(50);
    }
    throw new Error('The jobs that follow are not done.');
  }

  private one(number: number): Person {
    return this.people[number % this.people.length]!;
  }

  private async repeat(count: number, act: (number: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const loop = async () => {
      while (next < count) await act(next++);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, loop));
  }

  private async send<Answer>(
    method: string,
    path: string,
    person: Person | undefined,
    body?: object,
  ): Promise<Answer> {
    const answer = await fetch(new URL(path, this.url), {
      method,
      headers: {
        ...(person ? { authorization: `Bearer ${person.token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }
}

interface SignedUp {
  user: { id: Id };
  accessToken: string;
}
