import { Controller, type DynamicModule, Get, Header, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../src/app/app.module.js';
import { createLogger, PinoLoggerService } from '../../src/app/logger.js';
import type { Config } from '../../src/platform/config/config.js';
import { Authenticated } from '../../src/platform/http/access.js';
import { createAdapter, installHooks } from '../../src/platform/http/server.js';

const PAGE = Symbol('page');

/** A page in memory, behind the same guards and hooks as everything else: what a read costs before it reads anything. */
@Authenticated()
@Controller('bench')
class PageController {
  private readonly parsed: unknown;

  constructor(@Inject(PAGE) private readonly page: string) {
    this.parsed = JSON.parse(page);
  }

  /** The page as the bytes that it is. */
  @Get('page')
  @Header('content-type', 'application/json; charset=utf-8')
  bytes(): string {
    return this.page;
  }

  /** The page as an object, which the framework turns into the same bytes. */
  @Get('object')
  object(): unknown {
    return this.parsed;
  }
}

@Module({})
class PageModule {
  static for(config: Config, page: string): DynamicModule {
    return {
      module: PageModule,
      imports: [AppModule.for(config)],
      controllers: [PageController],
      providers: [{ provide: PAGE, useValue: page }],
    };
  }
}

/** The product's HTTP server with one more controller; it listens when this resolves. */
export async function serveWithPage(config: Config, page: string): Promise<NestFastifyApplication> {
  const logger = createLogger(config.log.level);
  const app = await NestFactory.create<NestFastifyApplication>(
    PageModule.for(config, page),
    createAdapter(config),
    { logger: new PinoLoggerService(logger), abortOnError: false },
  );
  await installHooks(app, config, logger);
  await app.listen(config.http.port, config.http.host);
  return app;
}
