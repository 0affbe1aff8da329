import { Global, Module } from '@nestjs/common';
import { GraphView } from '../users/graph-view.js';
import { UsersModule } from '../users/users.module.js';
import { MirrorComparison } from './audit/mirror-comparison.js';
import { BulkFollows } from './bulk-follows.js';
import { GraphStore } from './graph-store.js';
import { Mirror } from './mirror/mirror.js';
import { MirrorReader } from './mirror/mirror-reader.js';
import { MirrorRebuild } from './mirror-rebuild.js';
import { EpochFill } from './rebuild/epoch-fill.js';
import { Relationships } from './relationships.js';
import { UserLists } from './user-lists.js';

/** Global for the sake of GraphView, which `users` declares and this module provides. */
@Global()
@Module({
  imports: [UsersModule],
  providers: [
    BulkFollows,
    GraphStore,
    EpochFill,
    Mirror,
    MirrorComparison,
    MirrorReader,
    MirrorRebuild,
    Relationships,
    UserLists,
    { provide: GraphView, useExisting: MirrorReader },
  ],
  exports: [
    GraphView,
    BulkFollows,
    GraphStore,
    Mirror,
    MirrorComparison,
    MirrorRebuild,
    Relationships,
    UserLists,
  ],
})
export class RelationshipsModule {}
