import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Waits until something is so.
 * @param what what is waited for, in words
 * @throws Error when it is not so after `patienceMs`
 */
export async function until(what: string, isSo: () => Promise<boolean>, patienceMs = 120_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}.`);
    await delay(POLL_MS);
  }
}
