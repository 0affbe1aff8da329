import { Module } from '@nestjs/common';
import { ActivitiesModule } from '../activities/activities.module.js';
import { PostsModule } from '../posts/posts.module.js';
import { RelationshipsModule } from '../relationships/relationships.module.js';
import { FanOut } from './fan-out.js';
import { Gate } from './gate.js';
import { PendingAuthors } from './pending-authors.js';
import { Receipts } from './receipts.js';

@Module({
  imports: [ActivitiesModule, PostsModule, RelationshipsModule],
  providers: [FanOut, Gate, PendingAuthors, Receipts],
  exports: [FanOut, Gate, PendingAuthors, Receipts, ActivitiesModule],
})
export class FanoutModule {}
