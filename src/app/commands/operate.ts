import { userInfo } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../../platform/config/config.js';
import { ConfigError } from '../../platform/config/environment.js';
import { EmbeddedStackError } from '../../platform/embedded/embedded-stack.js';
import { Problem } from '../../platform/http/problem.js';
import { type UserRow, UserStore } from '../../users/user-store.js';
import { OperatorModule } from '../app.module.js';
import { createLogger, PinoLoggerService } from '../logger.js';
import { openStores } from '../stores.js';

/** Something that the operator can put right; printed as it is, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Runs an operator's work on the installation's stores, and says in one line why it failed, if it does (exit 1). */
export async function withConfig(work: (config: Config) => Promise<void>): Promise<void> {
  try {
    const { config, stack } = await openStores(process.env, { attach: true, log: complain });
    try {
      await work(config);
    } finally {
      await stack?.stop();
    }
  } catch (error) {
    complain(explain(error));
    process.exitCode = 1;
  }
}

/** As `withConfig`, with the product's services at hand. */
export async function withServices(
  work: (services: INestApplicationContext) => Promise<void>,
): Promise<void> {
  await withConfig(async (config) => {
    const services = await NestFactory.createApplicationContext(OperatorModule.for(config), {
      logger: new PinoLoggerService(createLogger(process.env.LOG_LEVEL ? config.log.level : 'error')),
      abortOnError: false,
    });
    try {
      await work(services);
    } finally {
      await services.close();
    }
  });
}

/** The user that an operator names. @throws CommandError when there is none */
export async function findUser(
  services: INestApplicationContext,
  idOrName: string,
): Promise<Readonly<UserRow>> {
  const user = await services.get(UserStore).byIdOrName(idOrName);
  if (!user) throw new CommandError(`there is no user ${idOrName}`);
  return user;
}

/** Prints a command's result: one JSON object with `--json`, otherwise what a person reads. */
export function printResult(json: boolean | undefined, result: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}

/** Who is at the command line, for records of who did what. */
export const operator = (): string => `${userInfo().username} (command line)`;

export function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

function explain(error: unknown): string {
  const foreseen = [ConfigError, EmbeddedStackError, CommandError, Problem].some(
    (kind) => error instanceof kind,
  );
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: string };
  if (foreseen || error.name === 'EdgeListError' || code === 'ENOENT') return `sluice: ${error.message}`;
  if (code === 'ECONNREFUSED') return `sluice: a store cannot be reached: ${error.message || String(error)}`;
  if (code === '42P01') return 'sluice: the tables are missing; run `sluice migrate` first';
  return error.stack ?? error.message;
}
