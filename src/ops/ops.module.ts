import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { FanoutModule } from '../fanout/fanout.module.js';
import { PostsModule } from '../posts/posts.module.js';
import { RelationshipsModule } from '../relationships/relationships.module.js';
import { UsersModule } from '../users/users.module.js';
import { DemoNetwork } from './demo-network.js';
import { GraphImport } from './graph-import.js';
import { BuildStore } from './index-build/build-store.js';
import { BuildViews } from './index-build/build-view.js';
import { IndexBuilds } from './index-builds.js';
import { Finish } from './repair/finish.js';
import { Orphans } from './repair/orphans.js';
import { RepairStore } from './repair/repair-store.js';
import { Walk } from './repair/walk.js';
import { Repairs } from './repairs.js';
import { RepairSurvey } from './repair-survey.js';
import { ShardAdditions } from './shard-additions.js';
import { ShardBalance } from './shard-balance.js';
import { MoveStore } from './shard-move/move-store.js';
import { ShardMoves } from './shard-moves.js';
import { ServingProcesses } from './serving-processes.js';
import { ShardList } from './shard-list.js';
import { SlowQueries } from './slow-queries.js';

@Module({
  imports: [UsersModule, AuthModule, RelationshipsModule, PostsModule, FanoutModule],
  providers: [
    DemoNetwork,
    GraphImport,
    BuildStore,
    BuildViews,
    IndexBuilds,
    SlowQueries,
    ServingProcesses,
    ShardList,
    RepairStore,
    Orphans,
    Walk,
    Finish,
    Repairs,
    RepairSurvey,
    ShardAdditions,
    ShardBalance,
    MoveStore,
    ShardMoves,
  ],
  exports: [
    DemoNetwork,
    GraphImport,
    IndexBuilds,
    SlowQueries,
    ServingProcesses,
    ShardList,
    RepairStore,
    Walk,
    Finish,
    Repairs,
    RepairSurvey,
    ShardAdditions,
    ShardBalance,
    ShardMoves,
  ],
})
export class OpsModule {}
