// npm run bench -- …: benchmarks by name, against the built product.
import { ensureBuild } from './lib/build.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { enterProject } from './lib/project.mjs';
import { ensureRedis } from './lib/redis.mjs';

enterProject();
await ensurePackages();
await ensureRedis();
await ensureBuild();
await import('../dist/bench/run.js');
