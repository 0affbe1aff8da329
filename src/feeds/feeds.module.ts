import { Module } from '@nestjs/common';
import { FanoutModule } from '../fanout/fanout.module.js';
import { PostsModule } from '../posts/posts.module.js';
import { UsersModule } from '../users/users.module.js';
import { FeedReader } from './feed-reader.js';
import { NotificationMarks } from './notification-marks.js';
import { NotificationReader } from './notification-reader.js';

@Module({
  imports: [FanoutModule, PostsModule, UsersModule],
  providers: [FeedReader, NotificationReader, NotificationMarks],
  exports: [FeedReader, NotificationReader, NotificationMarks],
})
export class FeedsModule {}
