import { Module } from '@nestjs/common';
import { ActivityStore } from './activity-store.js';
import { Fence } from './fence.js';
import { RowWriter } from './row-writer.js';

@Module({ providers: [ActivityStore, RowWriter, Fence], exports: [ActivityStore, Fence] })
export class ActivitiesModule {}
