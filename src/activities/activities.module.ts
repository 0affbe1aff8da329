import { Module } from '@nestjs/common';
import { ActivityStore } from './activity-store.js';

@Module({ providers: [ActivityStore], exports: [ActivityStore] })
export class ActivitiesModule {}
