import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { Clearing } from './clearing.js';
import { Idempotency } from './idempotency.js';
import { Loves } from './loves.js';
import { PostAccess } from './post-access.js';
import { PostStore } from './post-store.js';
import { PostViews } from './post-view.js';
import { Posts } from './posts.js';
import { ReactionStore } from './reaction-store.js';

@Module({
  imports: [UsersModule],
  providers: [Clearing, Idempotency, Loves, PostAccess, PostStore, PostViews, Posts, ReactionStore],
  exports: [Clearing, Idempotency, Loves, PostAccess, PostStore, PostViews, Posts, ReactionStore],
})
export class PostsModule {}
