import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { expect, vi } from 'vitest';
import { createServer } from '../../src/app/server.js';
import { Sessions } from '../../src/auth/sessions.js';
import { Config } from '../../src/platform/config/config.js';
import { PrimaryDatabase } from '../../src/platform/database/primary.js';
import type { Id } from '../../src/platform/ids/ids.js';
import { MirrorRebuild } from '../../src/relationships/mirror-rebuild.js';
import { Accounts } from '../../src/users/accounts.js';
import { Client } from './client.js';
import { createStores, type TestEnvironment } from './stores.js';

/** The product in this process, on stores of its own, listening on a free port. */
export class TestApp {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly environment: TestEnvironment,
    readonly url: string,
  ) {}

  /**
   * @param overrides settings that differ from those of `createStores`
   * @param environment the stores of another TestApp, to run a second process on them
   */
  static async start(overrides: TestEnvironment = {}, environment?: TestEnvironment): Promise<TestApp> {
    const settings = environment ? { ...environment, ...overrides } : await createStores(overrides);
    const app = await createServer(Config.from(settings));
    await app.listen(0, '127.0.0.1');
    return new TestApp(app, settings, await app.getUrl());
  }

  get<Service>(type: Type<Service> | (abstract new (...args: never[]) => Service)): Service {
    return this.app.get(type);
  }

  /** A client without a token. */
  anonymous(): Client {
    return new Client(this.url);
  }

  /** Makes an account through the API and answers its client. */
  async signUp(username: string, password = 'correct horse battery'): Promise<Client> {
    const { status, body } = await this.anonymous().post('/v1/auth/signup', {
      username,
      email: `${username}@example.org`,
      password,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    return new Client(this.url, body.accessToken, body.user.id, username);
  }

  /** Makes an account without the cost of a password, and answers its client. */
  async user(username: string): Promise<Client> {
    const id = await this.get(PrimaryDatabase).transaction((transaction) =>
      this.get(Accounts).create(transaction, { username, email: null, passwordHash: null }),
    );
    return this.clientOf(id, username);
  }

  /** Makes an account that may do everything, without the cost of a password. */
  async admin(username = 'admin'): Promise<Client> {
    const admin = await this.user(username);
    await this.get(Accounts).setRole(username, 'admin');
    return admin;
  }

  /** A client with a new session of an existing account. */
  async clientOf(id: Id, username = ''): Promise<Client> {
    const { accessToken } = await this.get(Sessions).open(id);
    return new Client(this.url, accessToken, id, username);
  }

  /**
   * Waits until nothing is left in the outbox: everything that follows from what was accepted is done. In hooks as well,
   * where `expect.poll` cannot be used.
   */
  async drained(timeout = 60_000): Promise<void> {
    await vi.waitFor(async () => expect(await this.outboxSize()).toBe(0), { timeout, interval: 20 });
  }

  /** Waits until there is a mirror to read. */
  async mirrored(): Promise<void> {
    await vi.waitFor(async () => expect(await this.get(MirrorRebuild).isReady()).toBe(true), {
      timeout: 20_000,
    });
  }

  async outboxSize(): Promise<number> {
    const [row] = await this.get(PrimaryDatabase).query<{ size: number }>({
      name: 'test_outbox_size',
      text: 'SELECT count(*)::int AS size FROM outbox',
    });
    return row!.size;
  }

  async stop(): Promise<void> {
    await this.app.close();
  }
}
