import { DEMO_PEOPLE } from '../ops/demo-people.js';
import type { Demo } from './demo.js';
import type { Stores } from './stores.js';

/** What a person sees once the process is up: where to look, and how to get in. */
export function welcome(url: string, { config, embedded }: Stores, demo: Demo | undefined): string {
  const base = url.replace(/\/\/(0\.0\.0\.0|\[::1?\]|127\.0\.0\.1)/, '//localhost');
  if (!config.roles.includes('http')) return `Sluice worker is up; health and metrics at ${base}`;
  const lines = ['', `  Sluice is up: ${base}`, `  API to try:   ${base}/docs`];
  if (embedded && demo) {
    lines.push(
      '',
      `  Demo accounts: ${DEMO_PEOPLE.map((person) => person.username).join(', ')}`,
      `       password: ${demo.demoPassword ?? 'as `sluice seed` printed it'}`,
      demo.adminPassword
        ? `  Admin account: admin, password ${demo.adminPassword} (shown this once)`
        : '  Admin account: admin (forgot the password? npm run sluice -- users password admin)',
      '',
      '  Ctrl-C stops it; the data stays.',
    );
  }
  return `${lines.join('\n')}\n`;
}
