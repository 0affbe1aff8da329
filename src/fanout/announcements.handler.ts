import { Injectable } from '@nestjs/common';
import type { Handler } from '../platform/queues/job.js';
import { HandlesJob } from '../platform/queues/job-handlers.js';
import { Announcements } from './announcements.js';
import { announcementsLost } from './announcements-lost.js';

@Injectable()
@HandlesJob(announcementsLost)
export class AnnouncementsLostHandler implements Handler<Record<string, never>> {
  constructor(private readonly announcements: Announcements) {}

  async handle(): Promise<'done'> {
    await this.announcements.renew();
    return 'done';
  }
}
