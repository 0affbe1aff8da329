import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Accounts } from './accounts.js';
import { BulkAccounts } from './bulk-accounts.js';
import { KeptPeople } from './kept-people.js';
import { ProfileCards } from './profile-cards.js';
import { Profiles } from './profiles.js';
import { User } from './user.entity.js';
import { UserStore } from './user-store.js';

@Module({
  imports: [TypeOrmModule.forFeature([User])],
  providers: [UserStore, ProfileCards, KeptPeople, Accounts, BulkAccounts, Profiles],
  exports: [UserStore, ProfileCards, Accounts, BulkAccounts, Profiles],
})
export class UsersModule {}
