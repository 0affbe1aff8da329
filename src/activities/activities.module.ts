import { Module } from '@nestjs/common';
import { ActivityStore } from './activity-store.js';
import { Fence } from './fence.js';
import { NotificationStore } from './notification-store.js';
import { PlacementStore } from './placement-store.js';
import { RowWriter } from './row-writer.js';

const SERVICES = [ActivityStore, Fence, NotificationStore, PlacementStore];

@Module({ providers: [...SERVICES, RowWriter], exports: SERVICES })
export class ActivitiesModule {}
