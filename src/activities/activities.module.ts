import { Module } from '@nestjs/common';
import { ActivityRemoval } from './activity-removal.js';
import { ActivityStore } from './activity-store.js';
import { ActivitySurvey } from './activity-survey.js';
import { Fence } from './fence.js';
import { UniqueKeys } from './unique-keys.js';

@Module({
  providers: [ActivityStore, Fence, ActivityRemoval, ActivitySurvey, UniqueKeys],
  exports: [ActivityStore, Fence, ActivityRemoval, ActivitySurvey, UniqueKeys],
})
export class ActivitiesModule {}
