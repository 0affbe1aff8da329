import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { FanoutModule } from '../fanout/fanout.module.js';
import { PostsModule } from '../posts/posts.module.js';
import { RelationshipsModule } from '../relationships/relationships.module.js';
import { UsersModule } from '../users/users.module.js';
import { Explainer } from './explainer.js';
import { FeedReader } from './feed-reader.js';
import { LiveEvents } from './live/live-events.js';
import { LiveStreams } from './live-streams.js';
import { NotificationMarks } from './notification-marks.js';
import { NotificationReader } from './notification-reader.js';
import { NotificationRules } from './notification-rules.js';

@Module({
  imports: [AuthModule, FanoutModule, PostsModule, RelationshipsModule, UsersModule],
  providers: [
    Explainer,
    FeedReader,
    NotificationReader,
    NotificationRules,
    NotificationMarks,
    LiveEvents,
    LiveStreams,
  ],
  exports: [Explainer, FeedReader, NotificationReader, NotificationMarks, LiveStreams],
})
export class FeedsModule {}
