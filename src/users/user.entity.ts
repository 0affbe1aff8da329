import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../platform/ids/ids.js';

export type UserRole = 'user' | 'admin';

/** An account. Imported ones have neither e-mail nor password and cannot log in. */
@Entity('users')
export class User {
  @PrimaryColumn({ type: 'bigint', default: () => 'next_id()' })
  id!: Id;

  /** As its owner wrote it; unique without regard to case. */
  @Column({ type: 'varchar', length: 30 })
  username!: string;

  @Column({ type: 'varchar', length: 254, nullable: true })
  email!: string | null;

  @Column({ name: 'password_hash', type: 'text', nullable: true, select: false })
  passwordHash!: string | null;

  @Column({ type: 'varchar', length: 10, default: 'user' })
  role!: UserRole;

  @Column({ type: 'varchar', length: 50, default: '' })
  name!: string;

  @Column({ type: 'varchar', length: 500, default: '' })
  bio!: string;

  @Column({ name: 'avatar_url', type: 'varchar', length: 2048, nullable: true })
  avatarUrl!: string | null;

  @Column({ name: 'posts_count', type: 'int', default: 0 })
  postsCount!: number;
}
