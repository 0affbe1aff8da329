import type { Redis } from 'ioredis';

/** The command that kept Redis from everything else for longest. */
export interface SlowestCommand {
  command: string;
  /** It took at most so long, in milliseconds: the upper end of the step of Redis's histogram that it fell into. */
  atMostMs: number;
}

/** By command: how many calls took at most so many microseconds. */
type Histograms = Map<string, Map<number, number>>;

/**
 * Watches a Redis while it is loaded: how much memory it takes on, and which command took it longest, whoever sent it.
 * The times are Redis's own (LATENCY HISTOGRAM, since 7.0), which needs no setting changed; where Redis keeps none, or a
 * host does not let us ask, the slowest command is unknown.
 */
export class RedisWatch {
  private constructor(
    private readonly redis: Redis,
    private readonly bytesBefore: number,
    private readonly before: Histograms | undefined,
  ) {}

  static async start(redis: Redis): Promise<RedisWatch> {
    return new RedisWatch(redis, await usedMemory(redis), await histograms(redis));
  }

  /** By how many bytes the memory in use has grown. */
  async grown(): Promise<number> {
    return (await usedMemory(this.redis)) - this.bytesBefore;
  }

  /** @returns null when it was not measured */
  async slowest(): Promise<SlowestCommand | null> {
    const after = this.before && (await histograms(this.redis));
    if (!after) return null;
    let slowest: SlowestCommand | null = null;
    for (const [command, steps] of after) {
      const atMostMs = longest(steps, this.before.get(command)) / 1_000;
      if (atMostMs > (slowest?.atMostMs ?? 0)) slowest = { command, atMostMs };
    }
    return slowest;
  }
}

/** @returns the upper end of the last step that calls were added to, in microseconds; 0 when none were */
function longest(after: Map<number, number>, before: Map<number, number> | undefined): number {
  let longestUs = 0;
  let [seenAfter, seenBefore] = [0, 0];
  // The counts add up from step to step; a step that holds nothing of its own is left out.
  const steps = [...new Set([...after.keys(), ...(before?.keys() ?? [])])].sort((a, b) => a - b);
  for (const upTo of steps) {
    const [untilAfter, untilBefore] = [after.get(upTo) ?? seenAfter, before?.get(upTo) ?? seenBefore];
    if (untilAfter - seenAfter > untilBefore - seenBefore) longestUs = upTo;
    [seenAfter, seenBefore] = [untilAfter, untilBefore];
  }
  return longestUs;
}

async function histograms(redis: Redis): Promise<Histograms | undefined> {
  try {
    // Pairs, one after the other: a command's name, and what is known of it.
    const answer = (await redis.latency('HISTOGRAM')) as (string | [string, number, string, number[]])[];
    const found: Histograms = new Map();
    for (let at = 0; at + 1 < answer.length; at += 2) {
      const steps = answer[at + 1]![3] as number[];
      const counts = new Map<number, number>();
      for (let step = 0; step + 1 < steps.length; step += 2) counts.set(steps[step]!, steps[step + 1]!);
      found.set(answer[at] as string, counts);
    }
    return found.size > 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

async function usedMemory(redis: Redis): Promise<number> {
  const info = await redis.info('memory');
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0);
}
