import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AccessGuard } from '../auth/access.guard.js';
import { AccountController } from '../auth/account.controller.js';
import { AuthController } from '../auth/auth.controller.js';
import { AuthModule } from '../auth/auth.module.js';
import { FanoutModule } from '../fanout/fanout.module.js';
import { AnnouncementsLostHandler } from '../fanout/announcements.handler.js';
import { DeliveryKeeper } from '../fanout/delivery-keeper.js';
import {
  AuthorGoneHandler,
  PlacementChangedHandler,
  PostsWithdrawnHandler,
  ReaderGoneHandler,
  SleeperWokeHandler,
} from '../fanout/placement.handlers.js';
import { GateKeeper } from '../fanout/gate-keeper.js';
import {
  FanOutChunkHandler,
  FanOutPlanHandler,
  PostPublishedHandler,
  UserFollowedHandler,
  UsersMentionedHandler,
} from '../fanout/handlers.js';
import { PostReactedHandler } from '../fanout/reaction.handler.js';
import { ShardKeeper } from '../fanout/shard-keeper.js';
import { FeedsController } from '../feeds/feeds.controller.js';
import { LiveController } from '../feeds/live.controller.js';
import { FeedsModule } from '../feeds/feeds.module.js';
import { AdminController } from '../ops/admin.controller.js';
import { DeliveryController } from '../ops/delivery.controller.js';
import { GateController } from '../ops/gate.controller.js';
import { IndexBuildsController } from '../ops/index-builds.controller.js';
import { Janitor } from '../ops/janitor.js';
import { OpsModule } from '../ops/ops.module.js';
import { RepairUpkeepHandler, RepairWalkHandler, RestoreOrphansHandler } from '../ops/repair.handlers.js';
import { RepairsController } from '../ops/repairs.controller.js';
import { RedisCacheController } from '../ops/redis-cache.controller.js';
import { ShardAdditionsController } from '../ops/shard-additions.controller.js';
import { ShardMoveKeeper } from '../ops/shard-move-keeper.js';
import { ShardMovesController } from '../ops/shard-moves.controller.js';
import { ProcessRegister } from '../ops/serving-processes.js';
import { ShardListController } from '../ops/shard-list.controller.js';
import { SlowQueriesController } from '../ops/slow-queries.controller.js';
import type { Config } from '../platform/config/config.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { HealthController } from '../platform/health/health.controller.js';
import { NextLinkInterceptor } from '../platform/http/next-link.interceptor.js';
import { ProblemFilter } from '../platform/http/problem.filter.js';
import { RateLimitGuard } from '../platform/http/rate-limit.guard.js';
import { validationPipe } from '../platform/http/validation.js';
import { OutboxRelay } from '../platform/outbox/relay.js';
import { PlatformModule } from '../platform/platform.module.js';
import { QueueWorkers } from '../platform/queues/queue-workers.js';
import { PostsController } from '../posts/posts.controller.js';
import { PostsModule } from '../posts/posts.module.js';
import { PostsDeletedHandler, PostsRevisedHandler, UserDeletedHandler } from '../posts/clearing.handlers.js';
import { ConversationsController } from '../posts/conversations.controller.js';
import { AutoFollowHandler } from '../relationships/auto-follow.handler.js';
import { GraphChangedHandler, OwnersChangedHandler } from '../relationships/graph-changed.handlers.js';
import { MirrorKeeper } from '../relationships/mirror-keeper.js';
import { MirrorAuditor } from '../relationships/mirror-auditor.js';
import { MostFollowedKeeper } from '../relationships/most-followed-keeper.js';
import { RecommendationsController } from '../relationships/recommendations.controller.js';
import { RelationshipsController } from '../relationships/relationships.controller.js';
import { RelationshipsModule } from '../relationships/relationships.module.js';
import { CardsChangedHandler } from '../users/cards-changed.handler.js';
import { UsersController } from '../users/users.controller.js';
import { UsersModule } from '../users/users.module.js';
import { StartPageController } from './start-page.controller.js';

const FEATURES = [
  UsersModule,
  AuthModule,
  RelationshipsModule,
  PostsModule,
  FanoutModule,
  FeedsModule,
  OpsModule,
];

const API_CONTROLLERS = [
  StartPageController,
  AuthController,
  AccountController,
  UsersController,
  RelationshipsController,
  RecommendationsController,
  PostsController,
  ConversationsController,
  // Before the feeds: Fastify would answer their HEAD by their GET.
  LiveController,
  FeedsController,
  DeliveryController,
  AdminController,
  GateController,
  RedisCacheController,
  IndexBuildsController,
  ShardListController,
  SlowQueriesController,
  RepairsController,
  ShardAdditionsController,
  ShardMovesController,
];

/** What every serving process does; an operator's command does not. */
const SERVING_PROVIDERS: Type[] = [OutboxRelay, ProcessRegister];

const WORKER_PROVIDERS: Type[] = [
  QueueWorkers,
  GraphChangedHandler,
  OwnersChangedHandler,
  AutoFollowHandler,
  PostPublishedHandler,
  FanOutPlanHandler,
  FanOutChunkHandler,
  UsersMentionedHandler,
  UserFollowedHandler,
  RepairWalkHandler,
  RepairUpkeepHandler,
  RestoreOrphansHandler,
  MirrorKeeper,
  UserDeletedHandler,
  PostsDeletedHandler,
  PostsRevisedHandler,
  PostReactedHandler,
  AuthorGoneHandler,
  PlacementChangedHandler,
  PostsWithdrawnHandler,
  ReaderGoneHandler,
  SleeperWokeHandler,
  AnnouncementsLostHandler,
  DeliveryKeeper,
  CardsChangedHandler,
  MirrorAuditor,
  MostFollowedKeeper,
  GateKeeper,
  ShardKeeper,
  ShardMoveKeeper,
  Janitor,
];

/** A process's composition: every feature; routes where it plays `http`, job handlers where it plays `worker`. */
@Module({})
export class AppModule {
  static for(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [ConfigModule.for(config), PlatformModule, ...FEATURES],
      controllers: [HealthController, ...(config.roles.includes('http') ? API_CONTROLLERS : [])],
      providers: [
        { provide: APP_GUARD, useExisting: AccessGuard },
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: NextLinkInterceptor },
        { provide: APP_PIPE, useFactory: validationPipe },
        ...SERVING_PROVIDERS,
        ...(config.roles.includes('worker') ? WORKER_PROVIDERS : []),
      ],
    };
  }
}

/** The same without routes and handlers: what an operator's command needs. */
@Module({})
export class OperatorModule {
  static for(config: Config): DynamicModule {
    return { module: OperatorModule, imports: [ConfigModule.for(config), PlatformModule, ...FEATURES] };
  }
}
