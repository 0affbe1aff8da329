import { Module } from '@nestjs/common';
import { ActivitiesModule } from '../activities/activities.module.js';
import { PostsModule } from '../posts/posts.module.js';
import { RelationshipsModule } from '../relationships/relationships.module.js';
import { Backlog } from './backlog.js';
import { BacklogEstimate } from './backlog-estimate.js';
import { ChunkQueue } from './chunk-queue.js';
import { FanOut } from './fan-out.js';
import { Gate } from './gate.js';
import { GateGauges } from './gate-gauges.js';
import { GateStore } from './gate-store.js';
import { GateValve } from './gate-valve.js';
import { GuardedWriter } from './guarded-writer.js';
import { PendingAuthors } from './pending-authors.js';
import { ReceiptReader } from './receipt-reader.js';
import { Receipts } from './receipts.js';
import { ShardBreakers } from './shard-breakers.js';

@Module({
  imports: [ActivitiesModule, PostsModule, RelationshipsModule],
  providers: [
    GuardedWriter,
    Backlog,
    BacklogEstimate,
    ChunkQueue,
    FanOut,
    Gate,
    GateGauges,
    GateStore,
    GateValve,
    PendingAuthors,
    ReceiptReader,
    Receipts,
    ShardBreakers,
  ],
  exports: [
    GuardedWriter,
    Backlog,
    ChunkQueue,
    FanOut,
    Gate,
    GateStore,
    PendingAuthors,
    ReceiptReader,
    Receipts,
    ShardBreakers,
    ActivitiesModule,
  ],
})
export class FanoutModule {}
