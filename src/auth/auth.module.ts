import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Config } from '../platform/config/config.js';
import { UsersModule } from '../users/users.module.js';
import { AccessGuard } from './access.guard.js';
import { Auth } from './auth.js';
import { Passwords } from './passwords.js';
import { RevokedSessions } from './revoked-sessions.js';
import { Session } from './session.entity.js';
import { Sessions } from './sessions.js';
import { Tokens } from './tokens.js';

@Module({
  imports: [
    UsersModule,
    TypeOrmModule.forFeature([Session]),
    JwtModule.registerAsync({
      inject: [Config],
      useFactory: ({ auth }: Config) => ({
        // A key object: a string secret is turned into one anew at each verification, forty times the cost.
        secret: auth.secret as unknown as string,
        signOptions: { algorithm: 'HS256' as const, expiresIn: auth.accessTokenSeconds },
        verifyOptions: { algorithms: ['HS256' as const] },
      }),
    }),
  ],
  providers: [Auth, Passwords, RevokedSessions, Sessions, Tokens, AccessGuard],
  exports: [Auth, Passwords, Sessions, Tokens, AccessGuard, RevokedSessions, UsersModule],
})
export class AuthModule {}
