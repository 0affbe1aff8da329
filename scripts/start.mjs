// npm start: installs, builds and runs what is missing, then serves in this very process.
import { ensureBuild } from './lib/build.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { enterProject } from './lib/project.mjs';
import { ensureRedis } from './lib/redis.mjs';

enterProject();
await ensurePackages();
await ensureRedis();
await ensureBuild();
// Imported, not spawned: signals reach the product directly, and nothing stands between it and its exit code.
await import('../dist/src/main.js');
