import { Module } from '@nestjs/common';
import { ActivitiesModule } from '../activities/activities.module.js';
import { PostsModule } from '../posts/posts.module.js';
import { RelationshipsModule } from '../relationships/relationships.module.js';
import { UsersModule } from '../users/users.module.js';
import { Announcements } from './announcements.js';
import { Freshness } from './freshness.js';
import { KnownFollows } from './known-follows.js';
import { MergedTimelines } from './merged-timelines.js';
import { LiveLog } from './live-log.js';
import { RedisRun } from './redis-run.js';
import { Backlog } from './backlog.js';
import { BacklogEstimate } from './backlog-estimate.js';
import { ChunkQueue } from './chunk-queue.js';
import { FanOut } from './fan-out.js';
import { Gate } from './gate.js';
import { GateGauges } from './gate-gauges.js';
import { GateStore } from './gate-store.js';
import { GateValve } from './gate-valve.js';
import { DeliveryChoice } from './delivery-choice.js';
import { DeliveryPreviews } from './delivery-preview.js';
import { PendingPosts } from './pending-posts.js';
import { Placements } from './placements.js';
import { PulledAuthors } from './pulled-authors.js';
import { PullSet } from './pull-set.js';
import { ReaderStates } from './reader-states.js';
import { Sleepers } from './sleepers.js';
import { GuardedWriter } from './guarded-writer.js';
import { ReceiptReader } from './receipt-reader.js';
import { Receipts } from './receipts.js';
import { ShardBreakers } from './shard-breakers.js';

@Module({
  imports: [ActivitiesModule, PostsModule, RelationshipsModule, UsersModule],
  providers: [
    GuardedWriter,
    Announcements,
    Freshness,
    KnownFollows,
    MergedTimelines,
    LiveLog,
    RedisRun,
    Backlog,
    BacklogEstimate,
    ChunkQueue,
    FanOut,
    Gate,
    GateGauges,
    GateStore,
    GateValve,
    DeliveryChoice,
    DeliveryPreviews,
    PendingPosts,
    Placements,
    PulledAuthors,
    PullSet,
    ReaderStates,
    Sleepers,
    ReceiptReader,
    Receipts,
    ShardBreakers,
  ],
  exports: [
    GuardedWriter,
    Announcements,
    Freshness,
    LiveLog,
    Backlog,
    ChunkQueue,
    FanOut,
    Gate,
    DeliveryChoice,
    DeliveryPreviews,
    PendingPosts,
    Placements,
    PulledAuthors,
    PullSet,
    ReaderStates,
    Sleepers,
    GateStore,
    ReceiptReader,
    Receipts,
    ShardBreakers,
    ActivitiesModule,
  ],
})
export class FanoutModule {}
