import { fail, run, say } from './project.mjs';
import { findProgram, installCommands } from './system-packages.mjs';

/** Valkey is what some systems ship under Redis's name. */
const packages = {
  'apt-get': ['redis-server'],
  dnf: ['redis', 'valkey'],
  apk: ['redis', 'valkey'],
  pacman: ['redis', 'valkey'],
  brew: ['redis'],
};

/**
 * Makes sure that there is a Redis server to start, unless REDIS_URL points at one that runs already.
 * Installs it only where nobody has to be asked; otherwise says what to do, and ends the script.
 */
export async function ensureRedis() {
  if (process.env.REDIS_URL || findServer()) return;
  const commands = await installCommands(packages);
  if (commands.length > 0) say('Installing Redis…');
  let last = '';
  for (const [file, ...args] of commands) {
    last = (await run(file, args)).output;
    if (findServer()) return;
  }
  if (last) say(last.trimEnd().split('\n').slice(-5).join('\n'));
  fail(
    'Redis is missing: install it (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), ' +
      'or set REDIS_URL to a server that runs.',
  );
}

function findServer() {
  return ['redis-server', 'valkey-server'].some((name) => findProgram(name) !== null);
}
