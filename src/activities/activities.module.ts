import { Module } from '@nestjs/common';
import { ActivityRemoval } from './activity-removal.js';
import { ActivityStore } from './activity-store.js';
import { ActivitySurvey } from './activity-survey.js';
import { Fence } from './fence.js';
import { NotificationStore } from './notification-store.js';
import { PlacementStore } from './placement-store.js';
import { Replicas } from './replicas.js';
import { RowSize } from './row-size.js';
import { RowWriter } from './row-writer.js';
import { StreamReads } from './stream-reads.js';
import { UniqueKeys } from './unique-keys.js';

const SERVICES = [
  ActivityRemoval,
  ActivityStore,
  ActivitySurvey,
  Fence,
  NotificationStore,
  PlacementStore,
  Replicas,
  RowSize,
  UniqueKeys,
];

@Module({ providers: [...SERVICES, RowWriter, StreamReads], exports: SERVICES })
export class ActivitiesModule {}
