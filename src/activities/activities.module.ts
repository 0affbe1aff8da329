import { Module } from '@nestjs/common';
import { ActivityStore } from './activity-store.js';
import { Fence } from './fence.js';

@Module({ providers: [ActivityStore, Fence], exports: [ActivityStore, Fence] })
export class ActivitiesModule {}
