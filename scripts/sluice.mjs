// npm run sluice -- …: the operators' commands, built first when the sources changed.
import { ensureBuild } from './lib/build.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { enterProject } from './lib/project.mjs';

enterProject();
await ensurePackages();
await ensureBuild();
await import('../dist/src/cli.js');
