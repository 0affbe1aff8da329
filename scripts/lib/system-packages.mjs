import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './project.mjs';

/** Where package managers put servers, for a PATH that leaves those folders out. */
const usualFolders = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];

const managers = [
  {
    name: 'apt-get',
    update: ['update', '-q'],
    install: ['install', '-y', '-q', '--no-install-recommends'],
  },
  { name: 'dnf', install: ['install', '-y', '-q'] },
  { name: 'apk', install: ['add', '--no-cache'] },
  { name: 'pacman', install: ['-Sy', '--noconfirm', '--needed'] },
];

/** The path of a program, or null. */
export function findProgram(name) {
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

/**
 * Commands, one after the other, that install a program without asking anybody; none where that cannot be.
 * @param packages by package manager, the packages to try in turn; `brew` is Homebrew
 */
export async function installCommands(packages) {
  if (process.platform === 'darwin') return brewCommands(packages.brew ?? []);
  const manager = managers.find(({ name }) => findProgram(name));
  const names = (manager && packages[manager.name]) ?? [];
  const asRoot = names.length > 0 && (await rootPrefix());
  if (!asRoot) return [];
  // Without a runlevel to serve, Debian's scripts install the package but start no service.
  const prefix = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', manager.name];
  const updates = manager.update ? [[...prefix, ...manager.update]] : [];
  return [...updates, ...names.map((name) => [...prefix, ...manager.install, name])];
}

function brewCommands(names) {
  const brew = findProgram('brew');
  return brew && process.getuid() !== 0 ? names.map((name) => [brew, 'install', '-q', name]) : [];
}

/** What to put before a command so that it runs as root without a question; null when that cannot be. */
async function rootPrefix() {
  if (process.getuid() === 0) return [];
  if (!findProgram('sudo')) return null;
  return (await run('sudo', ['-n', 'true'])).code === 0 ? ['sudo', '-n'] : null;
}
