import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DemoNetwork } from '../ops/demo-network.js';
import { keptSecret } from './stores.js';

/** What to tell the person who started the embedded stack. */
export interface Demo {
  demoPassword: string;
  /** Known only at the first start: it is stored nowhere but as a hash. */
  adminPassword: string | undefined;
}

/** Fills an empty system with the demo network. */
export async function prepareDemo(
  app: NestFastifyApplication,
  environment: Record<string, string | undefined>,
): Promise<Demo> {
  const demoPassword = await keptSecret(environment.SLUICE_DATA_DIR || '.data', 'demo-password', 9);
  const demo = app.get(DemoNetwork);
  if (!(await demo.isEmpty())) return { demoPassword, adminPassword: undefined };
  const adminPassword = environment.SLUICE_ADMIN_PASSWORD || randomBytes(12).toString('base64url');
  await demo.create({ demoPassword, adminPassword });
  return { demoPassword, adminPassword };
}
