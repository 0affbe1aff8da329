import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { Idempotency } from './idempotency.js';
import { PostCards } from './post-cards.js';
import { PostStore } from './post-store.js';
import { PostViews } from './post-view.js';
import { Posts } from './posts.js';

@Module({
  imports: [UsersModule],
  providers: [Idempotency, PostCards, PostStore, PostViews, Posts],
  exports: [Idempotency, PostCards, PostStore, PostViews, Posts],
})
export class PostsModule {}
