import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { migrateAll } from '../ops/migrate.js';
import type { Config, Role } from '../platform/config/config.js';
import { ConfigError } from '../platform/config/environment.js';
import { EmbeddedStackError } from '../platform/embedded/embedded-stack.js';
import { prepareDemo } from './demo.js';
import { createServer } from './server.js';
import { openStores, type Stores } from './stores.js';
import { welcome } from './welcome.js';

/** How long a stop may take before it is cut short, in milliseconds. */
const STOP_WITHIN_MS = 8_500;

/** Nobody listens, no such host, no such database, or a password that is not right. */
const STORE_AWAY = /^(ECONN|EHOSTUNREACH|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|3D000|28)/;

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
    if (stores.embedded) await migrateEmbedded(stores.config);
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

async function migrateEmbedded(config: Config): Promise<void> {
  const failed = (await migrateAll(config)).find(({ error }) => error !== undefined);
  if (failed) throw new Error(`${failed.database} could not be brought up to date: ${failed.error}`);
}

function stopOnSignal(app: NestFastifyApplication, stores: Stores): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const late = new Promise<number>((resolve) => setTimeout(() => resolve(1), STOP_WITHIN_MS).unref());
    const drained = app.close().then(
      () => 0,
      () => 1,
    );
    const code = await Promise.race([drained, late]);
    await stores.stack?.stop();
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
}

/** What a person is told when the process cannot start; a stack only for what nobody foresaw. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof EmbeddedStackError) return error.message;
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  if (code === 'EADDRINUSE') return `${message}: something listens there already. Set PORT to another one.`;
  if (code === '42P01') return 'The tables are missing: run `sluice migrate` first.';
  if (code !== undefined && STORE_AWAY.test(code)) return `A store cannot be reached: ${message || code}`;
  return stack ?? String(error);
}
