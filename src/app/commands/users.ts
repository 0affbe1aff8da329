import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { Passwords } from '../../auth/passwords.js';
import { Sessions } from '../../auth/sessions.js';
import { Accounts } from '../../users/accounts.js';
import { UserStore } from '../../users/user-store.js';
import { CommandError, printResult, withServices } from './operate.js';

interface Json {
  json?: boolean;
}

export function usersCommand(): Command {
  return new Command('users')
    .description('look after accounts')
    .addCommand(roleCommand('promote', 'admin', 'make a user an admin, from their next request on'))
    .addCommand(roleCommand('demote', 'user', 'make an admin a user again, from their next request on'))
    .addCommand(passwordCommand());
}

function roleCommand(name: string, role: 'user' | 'admin', description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<name>', 'the username')
    .action((username: string, { json }: Json) =>
      withServices(async (services) => {
        if (!(await services.get(Accounts).setRole(username, role))) throw unknown(username);
        printResult(
          json,
          { username, role },
          `${username} is ${role === 'admin' ? 'an admin' : 'a user'} now`,
        );
      }),
    );
}

function passwordCommand(): Command {
  return new Command('password')
    .description('give a user a new random password, print it once, and end their sessions')
    .argument('<name>', 'the username')
    .action((username: string, { json }: Json) =>
      withServices(async (services) => {
        const password = randomBytes(12).toString('base64url');
        const user = await services.get(UserStore).byName(username);
        if (!user) throw unknown(username);
        await services.get(Accounts).setPassword(username, await services.get(Passwords).hash(password));
        await services.get(Sessions).revokeAllOf(user.id);
        printResult(
          json,
          { username, password },
          `${username}'s password is ${password} now; it is not shown again`,
        );
      }),
    );
}

const unknown = (username: string): CommandError => new CommandError(`there is no user ${username}`);
