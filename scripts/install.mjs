// Installs the packages when they are missing or the lock file has changed.
import { ensurePackages } from './lib/packages.mjs';
import { enterProject } from './lib/project.mjs';

enterProject();
await ensurePackages();
