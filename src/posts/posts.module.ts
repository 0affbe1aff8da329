import { Global, Module } from '@nestjs/common';
import { Timelines } from '../relationships/timelines.js';
import { UsersModule } from '../users/users.module.js';
import { Clearing } from './clearing.js';
import { Idempotency } from './idempotency.js';
import { KeptPosts } from './kept-posts.js';
import { Loves } from './loves.js';
import { PostAccess } from './post-access.js';
import { PostStore } from './post-store.js';
import { PostViews } from './post-view.js';
import { Posts } from './posts.js';
import { ReactionStore } from './reaction-store.js';
import { Revisions } from './revisions.js';
import { TimelineStore } from './timeline-store.js';

const SERVICES = [
  Clearing,
  Idempotency,
  KeptPosts,
  Loves,
  PostAccess,
  PostStore,
  PostViews,
  Posts,
  ReactionStore,
  Revisions,
  TimelineStore,
];

/** Global for the sake of Timelines, which `relationships` declares and this module provides. */
@Global()
@Module({
  imports: [UsersModule],
  providers: [...SERVICES, { provide: Timelines, useExisting: TimelineStore }],
  exports: [...SERVICES, Timelines],
})
export class PostsModule {}
