import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, run, say } from './project.mjs';

/** Where package managers put servers, for a PATH that leaves those folders out. */
const usualFolders = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];

/** Package managers, and the packages to try in turn. Valkey is what some systems ship under Redis's name. */
const managers = [
  {
    name: 'apt-get',
    update: ['update', '-q'],
    install: ['install', '-y', '-q', '--no-install-recommends'],
    packages: ['redis-server'],
  },
  { name: 'dnf', install: ['install', '-y', '-q'], packages: ['redis', 'valkey'] },
  { name: 'apk', install: ['add', '--no-cache'], packages: ['redis', 'valkey'] },
  { name: 'pacman', install: ['-Sy', '--noconfirm', '--needed'], packages: ['redis', 'valkey'] },
];

/**
 * Makes sure that there is a Redis server to start, unless REDIS_URL points at one that runs already.
 * Installs it only where nobody has to be asked; otherwise says what to do, and ends the script.
 */
export async function ensureRedis() {
  if (process.env.REDIS_URL || findServer()) return;
  const commands = await installCommands();
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

function findProgram(name) {
  const folders = [...(process.env.PATH || '').split(delimiter).filter(Boolean), ...usualFolders];
  for (const folder of folders) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this folder
    }
  }
  return null;
}

async function installCommands() {
  if (process.platform === 'darwin') return brewCommands();
  const manager = managers.find(({ name }) => findProgram(name));
  const asRoot = manager && (await rootPrefix());
  if (!asRoot) return [];
  // Without a runlevel to serve, Debian's scripts install the package but start no service on port 6379.
  const prefix = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', manager.name];
  const updates = manager.update ? [[...prefix, ...manager.update]] : [];
  return [...updates, ...manager.packages.map((name) => [...prefix, ...manager.install, name])];
}

function brewCommands() {
  const brew = findProgram('brew');
  return brew && process.getuid() !== 0 ? [[brew, 'install', '-q', 'redis']] : [];
}

/** What to put before a command so that it runs as root without a question; null when that cannot be. */
async function rootPrefix() {
  if (process.getuid() === 0) return [];
  if (!findProgram('sudo')) return null;
  return (await run('sudo', ['-n', 'true'])).code === 0 ? ['sudo', '-n'] : null;
}
