import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { migrateAll } from '../ops/migrate.js';
import type { Role } from '../platform/config/config.js';
import { ConfigError } from '../platform/config/environment.js';
import { EmbeddedStackError } from '../platform/embedded/embedded-stack.js';
import { prepareDemo } from './demo.js';
import { createServer } from './server.js';
import { openStores, type Stores } from './stores.js';
import { welcome } from './welcome.js';

/** How long a stop may take before it is cut short, in milliseconds. */
const STOP_WITHIN_MS = 9_000;

/**
 * Runs a process until it is told to stop: settles the stores, composes the roles, listens, and drains on SIGTERM and
 * SIGINT. On the embedded stack it also migrates and, when the system is empty, fills in the demo network.
 * @param role plays this role alone; otherwise those that ROLES names
 */
export async function run(role?: Role): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  let stores: Stores | undefined;
  let app: NestFastifyApplication | undefined;
  try {
    const source = role ? { ...process.env, ROLES: role } : process.env;
    stores = await openStores(source, { log: say });
    if (stores.embedded) await migrateAll(stores.config);
    app = await createServer(stores.config);
    stopOnSignal(app, stores);
    await app.listen(stores.config.http.port, stores.config.http.host);
    const demo = stores.embedded ? await prepareDemo(app, process.env) : undefined;
    say(welcome(await app.getUrl(), stores, demo));
  } catch (error) {
    await app?.close().catch(() => undefined);
    await stores?.stack?.stop();
    say(explain(error));
    process.exit(1);
  }
}

function stopOnSignal(app: NestFastifyApplication, stores: Stores): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    await app.close();
    await stores.stack?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
}

/** What a person is told when the process cannot start; a stack only for what nobody foresaw. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof EmbeddedStackError) return error.message;
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  if (code === 'EADDRINUSE') return `${message}: something listens there already. Set PORT to another one.`;
  if (code === '42P01') return 'The tables are missing: run `sluice migrate` on these databases first.';
  if (code === 'ECONNREFUSED') return `A store cannot be reached: ${message}`;
  return stack ?? String(error);
}
