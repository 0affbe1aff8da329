import { Global, Module } from '@nestjs/common';
import { GraphView } from '../users/graph-view.js';
import { UsersModule } from '../users/users.module.js';
import { MirrorComparison } from './audit/mirror-comparison.js';
import { BulkFollows } from './bulk-follows.js';
import { Departures } from './departures.js';
import { FollowedAmong } from './followed-among.js';
import { Dismissals } from './dismissals.js';
import { GraphStore } from './graph-store.js';
import { KeptRelationships } from './mirror/kept-relationships.js';
import { Mirror } from './mirror/mirror.js';
import { MirrorReader } from './mirror/mirror-reader.js';
import { MirrorRebuild } from './mirror-rebuild.js';
import { MostFollowed } from './most-followed.js';
import { Mutuals } from './mutuals.js';
import { EpochFill } from './rebuild/epoch-fill.js';
import { MirrorVerification } from './mirror-verification.js';
import { MirroredFollowing } from './recommendations/mirrored-following.js';
import { MirroredSuggestions } from './recommendations/mirrored-suggestions.js';
import { Recommendations } from './recommendations.js';
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
    Dismissals,
    EpochFill,
    FollowedAmong,
    KeptRelationships,
    Mirror,
    MirrorComparison,
    MirrorReader,
    MirrorRebuild,
    MirroredFollowing,
    MirroredSuggestions,
    MirrorVerification,
    MostFollowed,
    Mutuals,
    Recommendations,
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
    Dismissals,
    MostFollowed,
    Mutuals,
    Recommendations,
    Relationships,
    UserLists,
  ],
})
export class RelationshipsModule {}
