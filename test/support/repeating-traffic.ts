import type pg from 'pg';
import { expect } from 'vitest';
import type { Id } from '../../src/platform/ids/ids.js';
import type { Client } from './client.js';
import { connectTo } from './sql.js';

const FENCE_CLOSED = 'SL001';

/** Posts, and writers that repeat what they have written, until told to end. */
export class RepeatingTraffic {
  repeated = 0;
  refused = 0;
  readonly posted: Id[] = [];
  private going = true;
  private readonly running: Promise<void>[] = [];

  constructor(
    private readonly author: Client,
    private readonly shards: readonly pg.Client[],
    private readonly rows: number,
  ) {}

  begin(): void {
    this.running.push(this.post(), ...this.shards.map((shard) => this.repeat(shard)));
  }

  async end(): Promise<void> {
    this.going = false;
    await Promise.all(this.running);
  }

  private async post(): Promise<void> {
    while (this.going) {
      const { status, body } = await this.author.post('/v1/posts', { body: `number ${this.posted.length}` });
      expect(status).toBe(201);
      this.posted.push(body.id as Id);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  /** What a repeated job does: it inserts rows that are there, and only a unique index holds it back. */
  private async repeat(shard: pg.Client): Promise<void> {
    const own = await connectTo(
      `postgresql://${shard.user}:${shard.password}@${shard.host}:${shard.port}/${shard.database}`,
    );
    while (this.going) {
      try {
        const { rowCount } = await own.query(
          `INSERT INTO activities SELECT * FROM expected TABLESAMPLE SYSTEM (${20_000 / this.rows}) ON CONFLICT DO NOTHING`,
        );
        this.repeated += rowCount ?? 0;
      } catch (error) {
        if ((error as { code?: string }).code !== FENCE_CLOSED) throw error;
        this.refused++;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await own.end();
  }
}
