// A process that changes the graph from several sides at once and kills itself (SIGKILL) between a commit and the mirror.
// Arguments: seed, ids of users. Runs on the compiled product, with the stores of its environment.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Config } from '../../dist/src/platform/config/config.js';
import { ConfigModule } from '../../dist/src/platform/config/config.module.js';
import { PlatformModule } from '../../dist/src/platform/platform.module.js';
import { PostsModule } from '../../dist/src/posts/posts.module.js';
import { Mirror } from '../../dist/src/relationships/mirror/mirror.js';
import { RelationshipsModule } from '../../dist/src/relationships/relationships.module.js';
import { Relationships } from '../../dist/src/relationships/relationships.js';

const [seed, ...ids] = process.argv.slice(2);
let state = Number(seed);
const random = (below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

/** No more than the graph needs, because starting takes most of the time. */
class Graph {}
const imports = [
  ConfigModule.for(Config.from(process.env)),
  PlatformModule,
  PostsModule,
  RelationshipsModule,
];
const services = await NestFactory.createApplicationContext({ module: Graph, imports }, { logger: false });
const mirror = services.get(Mirror);
const apply = mirror.apply.bind(mirror);
const last = 1 + random(12);
let applied = 0;
mirror.apply = async (change) => {
  applied++;
  const way = random(3);
  const dies = applied >= last;
  if (dies && way === 0) process.kill(process.pid, 'SIGKILL');
  const done = apply(change);
  if (dies && way === 1) process.kill(process.pid, 'SIGKILL');
  await done.catch(() => undefined);
  if (dies) process.kill(process.pid, 'SIGKILL');
};

const kinds = ['friend', 'friend', 'noise', 'noise', 'block', 'mute'];
const relationships = services.get(Relationships);
await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (;;) {
      const owner = ids[random(ids.length)];
      const subject = ids[random(ids.length)];
      if (owner === subject) continue;
      const change =
        random(4) === 0
          ? relationships.remove(owner, subject)
          : relationships.set(owner, subject, kinds[random(6)]);
      await change.catch((error) => {
        if (error.key !== 'not-found') throw error;
      });
    }
  }),
);
