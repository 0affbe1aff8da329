import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../platform/ids/ids.js';

/** One login on one device: a family of refresh tokens, of which only the newest generation is good. */
@Entity('sessions')
export class Session {
  @PrimaryColumn({ type: 'bigint', default: () => 'next_id()' })
  id!: Id;

  @Column({ name: 'user_id', type: 'bigint' })
  userId!: Id;

  @Column({ type: 'int', default: 1 })
  generation!: number;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
