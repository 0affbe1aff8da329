import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PrimaryDatabase, type Transaction } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';

const claimKey = sqlFile<{ resource_id: Id }>(import.meta.url, './sql/claim-idempotency-key.sql');
const findKey = sqlFile<{ resource_id: Id; request_digest: Buffer }>(
  import.meta.url,
  './sql/find-idempotency-key.sql',
);

const forgetKeys = sqlFile(import.meta.url, './sql/forget-idempotency-keys.sql');

/** A request that its client may repeat without effect. */
export interface RepeatableRequest {
  userId: Id;
  /** The client's `Idempotency-Key`. */
  key: string;
  /** Everything that makes two requests the same. */
  content: string;
}

/** Rolls the transaction back in which a key turned out to be taken. */
export class KeyTaken extends Error {}

/**
 * `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header): the key is bound to what its request makes, in the
 * same transaction; a repeat is answered with that same thing.
 */
@Injectable()
export class Idempotency {
  constructor(private readonly primary: PrimaryDatabase) {}

  /**
   * What an earlier request with this key made.
   * @throws Problem `idempotency-mismatch` when that request was a different one
   */
  async find({ userId, key, content }: RepeatableRequest): Promise<Id | undefined> {
    const [row] = await this.primary.query(findKey, [userId, key]);
    if (row && !row.request_digest.equals(digest(content))) throw new Problem('idempotency-mismatch');
    return row?.resource_id;
  }

  /** Binds the key to a new resource. @throws KeyTaken when a concurrent request was faster */
  async claim(transaction: Transaction, request: RepeatableRequest, resource: Id): Promise<void> {
    const { userId, key, content } = request;
    const claimed = await transaction.query(claimKey, [userId, key, digest(content), resource]);
    if (claimed.length === 0) throw new KeyTaken();
  }

  /** Forgets keys older than a day, some thousands at a time. */
  async forgetOld(): Promise<void> {
    await this.primary.query(forgetKeys);
  }
}

const digest = (content: string): Buffer => createHash('sha256').update(content).digest();
