import { type Report, type Series, single } from '../harness/benchmark.js';
import type { Used } from './meters.js';

/** The columns of an activity: four numbers of eight bytes, two of two. */
const COLUMN_BYTES = 36;

/** What a post takes for as long as it waits, in bytes. */
export interface Waiting {
  outboxBytes: number;
  jobBytes: number;
}

/** What each thing cost, and of how many. */
interface Measured {
  signUp: Used;
  follow: Used;
  post: Used;
  love: Used;
  read: Used;
  waiting: Waiting;
  sizes: Record<'user' | 'follow' | 'post' | 'receipt' | 'activity' | 'love' | 'activities', number>;
  idle: Used;
  data: { users: number; follows: number; posts: number };
}

/** What a benchmark of costs says. */
export function report(measured: Measured): Report {
  const { signUp, follow, post, love, read, waiting, sizes, idle, data } = measured;
  const { users, follows, posts } = data;
  const bytes = (name: string, label: string, value: number) => single(name, label, 'bytes', value);
  const headline = bytes('activityBytes', 'an activity on a shard', sizes.activity);
  return {
    headline,
    limit: bytes('columnBytes', 'its columns and nothing else', COLUMN_BYTES),
    ratio: sizes.activity / COLUMN_BYTES,
    others: [
      bytes('activityWalBytes', 'an activity, write-ahead log', post.shardWal / follows),
      bytes('userBytes', 'a user in the primary, with a session', sizes.user),
      bytes('userGraphBytes', 'a user in the graph Redis', signUp.graphBytes),
      bytes('followBytes', 'a follow in the primary', sizes.follow),
      bytes('followGraphBytes', 'a follow in the graph Redis', follow.graphBytes),
      bytes('postBytes', 'a post in the primary', sizes.post),
      bytes('receiptBytes', 'its receipt', sizes.receipt),
      bytes('loveBytes', 'a love in the primary', sizes.love),
      bytes('waitingOutboxBytes', 'a post that waits, in the outbox', waiting.outboxBytes),
      bytes('waitingJobBytes', 'a post that waits, in the queue Redis', waiting.jobBytes),
      ...operations('signUp', 'a sign-up', signUp),
      ...operations('follow', 'a follow', follow),
      ...operations('post', `a post to ${follows}`, post),
      ...operations('love', 'a love', love),
      ...operations('read', 'a page of a feed', read),
      single(
        'idleStatements',
        'statements of a process that has nothing to do',
        '1/s',
        idle.primaryStatements + idle.shardStatements,
      ),
      single(
        'idleCommands',
        'Redis commands of a process that has nothing to do',
        '1/s',
        idle.graphCommands + idle.queueCommands,
      ),
    ],
    data: `${users.toLocaleString('en')} users with ${follows} follows each, ${posts.toLocaleString('en')} posts, ${sizes.activities.toLocaleString('en')} activities`,
    notes: [
      'Over HTTP, everything that follows included; what the process uses while nothing happens is taken off.',
      'Statements count BEGIN and COMMIT, commands of Redis those within scripts.',
    ],
  };
}

function operations(name: string, label: string, used: Used): Series[] {
  const one = (key: string, what: string, unit: string, value: number) =>
    single(`${name}${key}`, `${label}: ${what}`, unit, value);
  return [
    one('PrimaryStatements', 'statements on the primary', '', used.primaryStatements),
    one('PrimaryMs', 'time of the primary', 'ms', used.primaryMs),
    one('PrimaryWal', 'write-ahead log of the primary', 'bytes', used.primaryWal),
    one('ShardStatements', 'statements on shards', '', used.shardStatements),
    one('ShardMs', 'time of shards', 'ms', used.shardMs),
    one('ShardWal', 'write-ahead log of shards', 'bytes', used.shardWal),
    one('GraphCommands', 'commands of the graph Redis', '', used.graphCommands),
    one('QueueCommands', 'commands of the queue Redis', '', used.queueCommands),
    one('NodeMs', 'time of Node', 'ms', used.nodeMs),
  ];
}
