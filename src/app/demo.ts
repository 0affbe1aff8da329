import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DemoNetwork } from '../ops/demo-network.js';
import { keptSecret, knownSecret } from './stores.js';

const DEMO_PASSWORD = 'demo-password';

/** What to tell the person who started the embedded stack. */
export interface Demo {
  /** Undefined when it was not `npm start` that filled in the network. */
  demoPassword: string | undefined;
  /** Known only at the first start: it is stored nowhere but as a hash. */
  adminPassword: string | undefined;
}

/** Fills an empty system with the demo network. */
export async function prepareDemo(
  app: NestFastifyApplication,
  environment: Record<string, string | undefined>,
): Promise<Demo> {
  const dataDir = environment.SLUICE_DATA_DIR || '.data';
  const demo = app.get(DemoNetwork);
  if (!(await demo.isEmpty())) {
    return { demoPassword: await knownSecret(dataDir, DEMO_PASSWORD), adminPassword: undefined };
  }
  const demoPassword = await keptSecret(dataDir, DEMO_PASSWORD, 9);
  const adminPassword = environment.SLUICE_ADMIN_PASSWORD || randomBytes(12).toString('base64url');
  await demo.create({ demoPassword, adminPassword });
  return { demoPassword, adminPassword };
}
