import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OperatorModule } from '../../src/app/app.module.js';
import { migrateAll } from '../../src/ops/migrate.js';
import { Config } from '../../src/platform/config/config.js';
import { EmbeddedStack } from '../../src/platform/embedded/embedded-stack.js';
import { PostgresServer } from '../../src/platform/embedded/postgres-server.js';
import { settleServerHome } from '../../src/platform/embedded/server-home.js';
import { ServerProcess, type ServerProcessOptions } from './server-process.js';

type Environment = Record<string, string>;

/** Limits of single users, which would stop a load generator, are counted but never reached. */
const NO_LIMITS = { RATE_LIMIT_PER_MINUTE: '1000000000', SIGNUPS_PER_HOUR: '1000000000' };

/** As the image starts the product. */
const PRODUCTION_OPTIONS = ['--max-semi-space-size=64'];

/** A durable Postgres and a Redis in a temporary folder, migrated, and the processes of the product that run on them. */
export class BenchStack {
  private context: INestApplicationContext | undefined;
  private readonly servers: ServerProcess[] = [];
  private readonly others: (PostgresServer | BenchStack)[] = [];

  private constructor(
    /** The stores' folder; whatever is put beside them goes with them, however the run ends. */
    readonly dataDir: string,
    private readonly stores: EmbeddedStack,
    readonly environment: Environment,
    private readonly nodeOptions: readonly string[],
    private readonly postgresSettings: Environment,
  ) {}

  /**
   * @param nodeOptions options of Node for the measured processes, such as `--cpu-prof`
   * @param postgresSettings by name; they win over those of the embedded stack
   */
  static async start(
    nodeOptions: readonly string[] = [],
    postgresSettings: Environment = {},
  ): Promise<BenchStack> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
    const stores = await EmbeddedStack.start({ dataDir, durable: true, postgresSettings });
    const { databaseUrl, shardUrls, redisUrl } = stores.urls;
    const environment = {
      DATABASE_URL: databaseUrl,
      ACTIVITY_SHARD_URLS: shardUrls.join(','),
      REDIS_URL: redisUrl,
      JWT_SECRET: 'a secret for benchmarks alone, 32 bytes or more',
      PORT: '0',
      HOST: '127.0.0.1',
      ...NO_LIMITS,
    };
    const stack = new BenchStack(dataDir, stores, environment, nodeOptions, postgresSettings);
    try {
      await migrateAll(stack.config);
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  get config(): Config {
    return Config.from(this.environment);
  }

  /** The product's services, in this process and without routes and jobs: to fill the stores, and to look into them. */
  async services(): Promise<INestApplicationContext> {
    this.context ??= await NestFactory.createApplicationContext(OperatorModule.for(this.config), {
      logger: ['error'],
      abortOnError: false,
    });
    return this.context;
  }

  /** Starts a server in a process of its own, and waits until it listens. */
  async serve(options: ServerProcessOptions): Promise<ServerProcess> {
    const environment = { ...this.environment, ...options.environment };
    const nodeOptions = [...PRODUCTION_OPTIONS, ...this.nodeOptions];
    const server = await ServerProcess.start({ ...options, environment }, nodeOptions);
    this.servers.push(server);
    return server;
  }

  /** Starts one more stack of the same kind, to be measured beside this one; it ends with it. */
  async another(): Promise<BenchStack> {
    const stack = await BenchStack.start(this.nodeOptions, this.postgresSettings);
    this.others.push(stack);
    return stack;
  }

  /** Starts one more Postgres, with an empty database. @returns the URL of the database */
  async anotherServer(name: string): Promise<string> {
    const dataDir = join(this.dataDir, name);
    await mkdir(dataDir);
    const home = await settleServerHome(dataDir, () => undefined);
    const server = await PostgresServer.start(home, {
      password: randomBytes(16).toString('hex'),
      durable: true,
      settings: {},
    });
    this.others.push(server);
    await server.ensureDatabases([name]);
    return server.url(name);
  }

  /** Ends the processes, then the stores, and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.context?.close();
    await Promise.all([this.stores.stop(), ...this.others.map((other) => other.stop())]);
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
