import { Module } from '@nestjs/common';
import { ActivityStore } from './activity-store.js';
import { Fence } from './fence.js';
import { NotificationStore } from './notification-store.js';
import { PlacementStore } from './placement-store.js';

const PROVIDERS = [ActivityStore, Fence, NotificationStore, PlacementStore];

@Module({ providers: PROVIDERS, exports: PROVIDERS })
export class ActivitiesModule {}
