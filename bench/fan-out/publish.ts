import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';

/** Seldom enough to cost nothing: when it was done is read from the receipt. */
const POLL_MS = 10;
const PATIENCE_MS = 120_000;

/** Settings of a server that writes posts into feeds however many follow: there is nothing to measure in one that is pulled. */
export const PUSH_ALWAYS = { PULL_AUDIENCE: '1000000000' };

/** The clock is the machine's, which the database shares. */
const now = (): number => performance.timeOrigin + performance.now();

const finishedAt = {
  name: 'bench_finished_at',
  text: `SELECT (extract(epoch FROM finished_at) * 1000)::float8 AS at FROM fanouts WHERE post_id = $1 AND state = 'done'`,
};

/** A post that was answered with 201, and when, in milliseconds. */
export interface Published {
  id: Id;
  at: number;
}

export async function publish(url: string, token: string): Promise<Published> {
  const answer = await fetch(new URL('/v1/posts', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ body: 'One post for all who follow.' }),
  });
  const at = now();
  if (answer.status !== 201) throw new Error(`The post was answered with ${answer.status}.`);
  const { id } = (await answer.json()) as { id: Id };
  return { id, at };
}

/**
 * Waits until a post's receipt is closed, which is after the last row was committed.
 * @returns the milliseconds from the 201 until then
 */
export async function delivered(services: INestApplicationContext, { id, at }: Published): Promise<number> {
  for (;;) {
    const [row] = await services.get(PrimaryDatabase).query<{ at: number }>(finishedAt, [id]);
    if (row) return row.at - at;
    if (now() - at > PATIENCE_MS) throw new Error('The fan-out does not end.');
    await delay(POLL_MS);
  }
}

export async function isDelivered(services: INestApplicationContext, { id }: Published): Promise<boolean> {
  return (await services.get(PrimaryDatabase).query(finishedAt, [id])).length > 0;
}
