// npm test: every test, on real servers; arguments go to vitest.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuild } from './lib/build.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensurePgbouncer } from './lib/pgbouncer.mjs';
import { enterProject, root } from './lib/project.mjs';
import { ensureRedis } from './lib/redis.mjs';

enterProject();
await ensurePackages();
await ensureRedis();
await ensurePgbouncer();
await ensureBuild();

const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the whole group: vitest has it already, and takes a second one for impatience.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  process.removeAllListeners();
});
