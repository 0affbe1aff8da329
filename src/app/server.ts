import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../platform/config/config.js';
import { createAdapter, installHooks } from '../platform/http/server.js';
import { AppModule } from './app.module.js';
import { createLogger, PinoLoggerService } from './logger.js';
import { serveDocs } from './openapi.js';

/** Composes a process of the configured roles; nothing is listened on and no job is taken before `listen` or `init`. */
export async function createServer(config: Config): Promise<NestFastifyApplication> {
  const logger = createLogger(config.log.level);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.for(config), createAdapter(config), {
    logger: new PinoLoggerService(logger),
    abortOnError: false,
    // Nest's own would take forms as well; Fastify's takes JSON.
    bodyParser: false,
  });
  await installHooks(app, config, logger);
  if (config.roles.includes('http')) serveDocs(app);
  return app;
}
