import { Module } from '@nestjs/common';
import { ActivitiesModule } from '../activities/activities.module.js';
import { PostsModule } from '../posts/posts.module.js';
import { RelationshipsModule } from '../relationships/relationships.module.js';
import { Backlog } from './backlog.js';
import { BacklogEstimate } from './backlog-estimate.js';
import { FanOut } from './fan-out.js';
import { Gate } from './gate.js';
import { GateGauges } from './gate-gauges.js';
import { GateStore } from './gate-store.js';
import { GateValve } from './gate-valve.js';
import { PendingAuthors } from './pending-authors.js';
import { Receipts } from './receipts.js';

@Module({
  imports: [ActivitiesModule, PostsModule, RelationshipsModule],
  providers: [
    Backlog,
    BacklogEstimate,
    FanOut,
    Gate,
    GateGauges,
    GateStore,
    GateValve,
    PendingAuthors,
    Receipts,
  ],
  exports: [Backlog, FanOut, Gate, PendingAuthors, Receipts, ActivitiesModule],
})
export class FanoutModule {}
