import { Injectable, SetMetadata } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { type Handler, type JobType, jobTypes, type QueueName } from './job.js';

const JOB_TYPE = Symbol('job type');

/** Marks a provider as the one handler of a kind of job. */
export const HandlesJob = <Payload>(type: JobType<Payload>): ClassDecorator => SetMetadata(JOB_TYPE, type);

/** Finds the handlers among the providers. Its `collect` fails unless each declared job has exactly one. */
@Injectable()
export class JobHandlers {
  private readonly handlers = new Map<string, Handler<unknown>>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error naming the jobs without a handler, or the job that has two */
  collect(): void {
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const type = this.reflector.get<JobType<unknown> | undefined>(JOB_TYPE, metatype);
      if (!type) continue;
      const known = this.handlers.get(type.name);
      if (known && known !== instance) throw new Error(`The job ${type.name} has two handlers.`);
      this.handlers.set(type.name, instance as Handler<unknown>);
    }
    const orphans = [...jobTypes().keys()].filter((name) => !this.handlers.has(name));
    if (orphans.length > 0) throw new Error(`Jobs without a handler: ${orphans.join(', ')}.`);
  }

  /** The queues that have at least one handler here. */
  queues(): QueueName[] {
    return [...new Set([...this.handlers.keys()].map((name) => jobTypes().get(name)!.queue))];
  }

  get(name: string): Handler<unknown> | undefined {
    return this.handlers.get(name);
  }
}
