import { Global, Module } from '@nestjs/common';
import { GraphView } from '../users/graph-view.js';
import { UsersModule } from '../users/users.module.js';
import { MirrorComparison } from './audit/mirror-comparison.js';
import { BulkFollows } from './bulk-follows.js';
import { Departures } from './departures.js';
import { FollowedAmong } from './followed-among.js';
import { GraphStore } from './graph-store.js';
import { Mirror } from './mirror/mirror.js';
import { MirrorReader } from './mirror/mirror-reader.js';
import { MirrorRebuild } from './mirror-rebuild.js';
import { EpochFill } from './rebuild/epoch-fill.js';
import { MirrorVerification } from './mirror-verification.js';
import { Relationships } from './relationships.js';
import { UserLists } from './user-lists.js';

/** Global for the sake of GraphView, which `users` declares and this module provides. */
@Global()
@Module({
  imports: [UsersModule],
  providers: [
    BulkFollows,
    GraphStore,
    Departures,
    EpochFill,
    FollowedAmong,
    Mirror,
    MirrorComparison,
    MirrorReader,
    MirrorRebuild,
    MirrorVerification,
    Relationships,
    UserLists,
    { provide: GraphView, useExisting: MirrorReader },
  ],
  exports: [
    GraphView,
    Departures,
    MirrorVerification,
    BulkFollows,
    FollowedAmong,
    GraphStore,
    Mirror,
    MirrorComparison,
    MirrorRebuild,
    Relationships,
    UserLists,
  ],
})
export class RelationshipsModule {}
