import { setTimeout as delay } from 'node:timers/promises';
import { createHistogram } from 'node:perf_hooks';

const READERS = 8;
const EVERY_MS = 20;

/**
 * Reads at a steady pace while something else is done, each reader one read at a time.
 * @returns the 99th percentile of the reads, in milliseconds, and what the work answered
 */
export async function readMeanwhile<Result>(
  read: () => Promise<unknown>,
  work: () => Promise<Result>,
): Promise<{ p99Ms: number; reads: number; result: Result }> {
  const latencies = createHistogram();
  let over = false;
  const readOn = async (offset: number) => {
    await delay(offset);
    while (!over) {
      const began = performance.now();
      await read();
      const elapsed = performance.now() - began;
      latencies.record(Math.max(1, Math.round(elapsed * 1_000)));
      await delay(Math.max(0, EVERY_MS - elapsed));
    }
  };
  const readers = Array.from({ length: READERS }, (_, number) => readOn((number * EVERY_MS) / READERS));
  try {
    const result = await Promise.race([work(), Promise.all(readers).then(() => never)]);
    return { p99Ms: latencies.percentile(99) / 1_000, reads: latencies.count, result };
  } finally {
    over = true;
    await Promise.all(readers);
  }
}

/** Readers end only when the work has, unless one fails. */
const never = new Promise<never>(() => undefined);
