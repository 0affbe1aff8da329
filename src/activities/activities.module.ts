import { Module } from '@nestjs/common';
import { ActivityStore } from './activity-store.js';
import { NotificationStore } from './notification-store.js';

@Module({ providers: [ActivityStore, NotificationStore], exports: [ActivityStore, NotificationStore] })
export class ActivitiesModule {}
