/**
 * The queues there are. `activities` is the chokepoint; `graph` keeps the mirror and what follows from sign-ups;
 * `maintenance` carries long work on the stores themselves, which goes on while the chokepoint's gate is closed.
 */
export const QUEUE_NAMES = ['activities', 'graph', 'maintenance'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/**
 * A kind of job: its name, the queue that carries it, and the shape of its payload. A name is stored in Postgres and
 * Redis, so it never changes once it was released.
 */
export interface JobType<Payload> {
  readonly name: string;
  readonly queue: QueueName;
  /** BullMQ's priority: 0 goes first, then 1, 2, …; from `BULK_PRIORITY` on a job counts as bulk, see `lanes.ts`. */
  readonly priority: number;
  /** Carries the payload's type; never set. */
  readonly payload?: Payload;
}

/** Who is told of something comes first (priority 0), then a post for a usual audience, and large audiences last. */
export const POST_PRIORITY = 1;
export const BULK_PRIORITY = 10;

const types = new Map<string, JobType<unknown>>();

/** Declares a kind of job, once per name. */
export function defineJob<Payload>(name: string, queue: QueueName, priority = 0): JobType<Payload> {
  if (types.has(name)) throw new Error(`The job ${name} is defined twice.`);
  const type = { name, queue, priority };
  types.set(name, type);
  return type;
}

/** Every kind of job that is declared, by name. */
export function jobTypes(): ReadonlyMap<string, JobType<unknown>> {
  return types;
}

/** The names of the kinds of job that a queue carries: the topics of their outbox rows. */
export function topicsOf(queue: QueueName): string[] {
  return [...types.values()].filter((type) => type.queue === queue).map(({ name }) => name);
}

/** What a handler knows of the delivery beside its payload. */
export interface Delivery {
  /** The outbox row behind the job; undefined for a job that another job made. */
  readonly outboxId: string | undefined;
}

/**
 * Carries out one kind of job. It may run twice, and at the same time as itself, for the same payload.
 * The result says whether the outbox row is done with (`done`) or is kept until somebody says so later (`open`).
 */
export interface Handler<Payload> {
  handle(payload: Payload, delivery: Delivery): Promise<'done' | 'open'>;
}
