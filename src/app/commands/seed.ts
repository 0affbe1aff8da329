import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { DemoNetwork } from '../../ops/demo-network.js';
import { CommandError, printResult, withServices } from './operate.js';

export function seedCommand(): Command {
  return new Command('seed')
    .description(
      'fill an empty system with a small demo network and an admin, whose password is SLUICE_ADMIN_PASSWORD or drawn',
    )
    .option('--password <text>', 'password of the demo accounts (default: drawn at random and printed)')
    .action(({ password, json }: { password?: string; json?: boolean }) =>
      withServices(async (services) => {
        const demo = services.get(DemoNetwork);
        if (!(await demo.isEmpty()))
          throw new CommandError('there are users already; seed fills empty systems only');
        const demoPassword = password ?? randomBytes(9).toString('base64url');
        const adminPassword = process.env.SLUICE_ADMIN_PASSWORD || randomBytes(12).toString('base64url');
        await demo.create({ demoPassword, adminPassword });
        printResult(
          json,
          { demoPassword, adminPassword },
          `Demo accounts share the password ${demoPassword}; admin's is ${adminPassword}. Neither is shown again.`,
        );
      }),
    );
}
