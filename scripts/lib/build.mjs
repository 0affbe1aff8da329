import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { shareLock, withLock } from './lock.mjs';
import { root, runOrFail, say } from './project.mjs';

const sources = [
  'src',
  'migrations',
  'bench',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package-lock.json',
];
const stampFile = join(root, 'dist/.build-stamp');

/** Compiles the project unless `dist` was built from exactly these sources. An interrupted build is done again. */
export async function ensureBuild() {
  // A folder that ships without sources (an image, a package) has nothing to build from.
  if (!existsSync(join(root, 'src'))) return;
  if (isFresh()) return;
  await withLock(async () => {
    const before = hashSources();
    if (isFresh(before)) return;
    say('Building…');
    rmSync(stampFile, { force: true });
    const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
    await runOrFail('The build', process.execPath, [nest, 'build'], shareLock);
    // Last, and with the hash from before: a source that changed meanwhile makes the next start build again.
    writeFileSync(stampFile, before);
  });
}

function isFresh(hash = hashSources()) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash;
}

function hashSources() {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((name) => filesIn(join(root, name))).sort()) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.flatMap((entry) => {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) return filesIn(inner);
      return entry.name.endsWith('.spec.ts') ? [] : [inner];
    });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}
