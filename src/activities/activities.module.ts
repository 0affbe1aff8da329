import { Module } from '@nestjs/common';
import { ActivityStore } from './activity-store.js';
import { ActivityWriter } from './activity-writer.js';

@Module({ providers: [ActivityStore, ActivityWriter], exports: [ActivityStore] })
export class ActivitiesModule {}
