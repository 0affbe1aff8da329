import { Injectable } from '@nestjs/common';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import type { Id } from '../platform/ids/ids.js';

const readMark = sqlFile<{ read_upto: Id }>(import.meta.url, './sql/read-mark.sql');
const setMark = sqlFile(import.meta.url, './sql/set-mark.sql');

/** Up to which entry somebody has read their notifications. */
@Injectable()
export class NotificationMarks {
  constructor(private readonly primary: PrimaryDatabase) {}

  /** `0` when nothing was marked yet. */
  async readUpTo(user: Id): Promise<Id> {
    return (await this.primary.query(readMark, [user]))[0]?.read_upto ?? '0';
  }

  async mark(user: Id, upTo: Id): Promise<void> {
    await this.primary.query(setMark, [user, upTo]);
  }
}
