import type pg from 'pg';
import { expect } from 'vitest';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from './client.js';
import type { FeedKind, FeedModel } from './feed-model.js';

const STREAMS = { friend: ['friends', 1], noise: ['noise', 2] } as const;
const KINDS = ['friend', 'noise'] as const;

/** Compares what readers get, and what lies on the shards, with a model. The first difference is an error that says all about it. */
export class FeedComparison {
  /** @param fail throws, and tells what led there */
  constructor(
    private readonly model: FeedModel,
    private readonly primary: pg.Client,
    private readonly shards: readonly pg.Client[],
    private readonly fail: (what: string) => never,
  ) {}

  /** Reads both feeds of somebody page by page. */
  async feeds(reader: Client, pageSize: number): Promise<void> {
    for (const kind of KINDS) {
      const found = await this.read(reader, `/v1/feeds/${STREAMS[kind][0]}?limit=${pageSize}`, pageSize);
      const expected = this.model.feed(reader.id, kind);
      const at = expected.findIndex((id, place) => found[place] !== id);
      const place = at < 0 ? expected.length : at;
      if (at >= 0 || found.length > expected.length) await this.differs(reader, kind, place, expected, found);
    }
  }

  /** Nothing is among the rows that does not belong there, and nothing is missing that is not merged for good. */
  async rows(readers: readonly Client[]): Promise<void> {
    const pulled = await this.ids('SELECT author_id AS id FROM pulled_authors');
    const asleep = await this.ids('SELECT user_id AS id FROM sleepers');
    const found = await this.everyRow();
    for (const reader of readers)
      for (const kind of KINDS)
        for (const post of this.model.posts) {
          const isThere = found.delete(`${reader.id} ${STREAMS[kind][1]} ${post.id}`);
          const belongs = this.model.belongs(reader.id, post, kind) && this.model.original(post) !== null;
          const isMerged = pulled.has(post.author) || asleep.has(reader.id);
          if (isThere !== belongs && !(belongs && isMerged))
            this.fail(
              `A ${kind} row ${isThere ? 'too many' : 'is missing'}: ${this.describe(reader, post.id)}`,
            );
        }
    expect([...found], 'rows of others').toEqual([]);
  }

  private async read(reader: Client, path: string, pageSize: number): Promise<Id[]> {
    const found: Id[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await reader.get(`${path}${cursor && `&cursor=${cursor}`}`);
      expect(status, JSON.stringify(body)).toBe(200);
      expect(body.page.complete).toBe(true);
      expect(body.data.length).toBeLessThanOrEqual(pageSize);
      found.push(...body.data.map(({ id }: { id: Id }) => id));
      cursor = body.page.next;
    }
    return found;
  }

  private async differs(reader: Client, kind: FeedKind, place: number, expected: Id[], found: Id[]) {
    const about = [expected[place], found[place]].map((id) => (id ? this.describe(reader, id) : 'nothing'));
    const { rows } = await this.primary.query(
      'SELECT topic, payload FROM outbox WHERE payload::text LIKE $1',
      [`%${reader.id}%`],
    );
    this.fail(
      `Entry ${place} of a ${kind} feed of ${expected.length}:\nexpected ${about[0]}\nfound ${about[1]}\n` +
        `Still to be done for them: ${JSON.stringify(rows)}`,
    );
  }

  private describe(reader: Client, id: Id): string {
    const post = this.model.posts.find((one) => one.id === id);
    const kind = post && this.model.kind(reader.id, post.author);
    const floor = post && this.model.floor(reader.id, post.author);
    return `${id} for ${reader.username}: ${JSON.stringify(post)}, ${kind} from ${floor} on`;
  }

  private async ids(text: string): Promise<Set<Id>> {
    return new Set((await this.primary.query<{ id: Id }>(text)).rows.map(({ id }) => id));
  }

  private async everyRow(): Promise<Set<string>> {
    const text = `SELECT recipient_id || ' ' || stream || ' ' || subject_id AS row FROM activities WHERE stream IN (1, 2)`;
    const answers = await Promise.all(this.shards.map((shard) => shard.query<{ row: string }>(text)));
    return new Set(answers.flatMap(({ rows }) => rows.map(({ row }) => row)));
  }
}
