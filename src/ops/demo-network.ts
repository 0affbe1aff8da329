import { Injectable } from '@nestjs/common';
import { Passwords } from '../auth/passwords.js';
import { PrimaryDatabase } from '../platform/database/primary.js';
import type { Id } from '../platform/ids/ids.js';
import { Posts } from '../posts/posts.js';
import { Relationships } from '../relationships/relationships.js';
import { Accounts } from '../users/accounts.js';
import { DEMO_FOLLOWS, DEMO_PEOPLE, DEMO_POSTS } from './demo-people.js';

export interface DemoOptions {
  /** The password of every demo account. */
  demoPassword: string;
  /** The admin's. */
  adminPassword: string;
}

/** Fills an empty system with a small lively network, through the same doors that everybody uses. */
@Injectable()
export class DemoNetwork {
  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly relationships: Relationships,
    private readonly posts: Posts,
  ) {}

  async isEmpty(): Promise<boolean> {
    return (await this.accounts.count()) === 0;
  }

  /** Makes an `admin`, the demo people, whom they follow, and what they post. */
  async create({ demoPassword, adminPassword }: DemoOptions): Promise<void> {
    await this.createAdmin(adminPassword);
    const passwordHash = await this.passwords.hash(demoPassword);
    const ids = new Map<string, Id>();
    for (const { username, name, bio } of DEMO_PEOPLE) {
      const email = `${username}@example.org`;
      const id = await this.primary.transaction((transaction) =>
        this.accounts.create(transaction, { username, name, bio, email, passwordHash }),
      );
      ids.set(username, id);
    }
    for (const [owner, friends, noise] of DEMO_FOLLOWS) {
      for (const friend of friends) await this.relationships.set(ids.get(owner)!, ids.get(friend)!, 'friend');
      for (const other of noise) await this.relationships.set(ids.get(owner)!, ids.get(other)!, 'noise');
    }
    for (const [author, body] of DEMO_POSTS) await this.posts.publish(ids.get(author)!, { body });
  }

  private async createAdmin(password: string): Promise<void> {
    const passwordHash = await this.passwords.hash(password);
    const admin = {
      username: 'admin',
      email: 'admin@example.org',
      name: 'Admin',
      role: 'admin' as const,
      passwordHash,
    };
    await this.primary.transaction((transaction) => this.accounts.create(transaction, admin));
  }
}
