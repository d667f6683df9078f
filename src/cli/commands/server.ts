import { readConfig, type ConfigFlags } from '../../config/config.ts';
import { untilStopped } from '../until-stopped.ts';
import type { CommandModule } from '../cli.ts';
import { hidePassword } from '../hide-password.ts';
import { withServerFlags } from './up.ts';

export const serverCommand: CommandModule = (program, cli) => {
  withServerFlags(program.command('server'))
    .description('start the server alone (API, screens, scheduler)')
    .action(async (flags: ConfigFlags) => {
      // Loaded here alone: the other commands start without the server's modules.
      const { createApp } = await import('../../app.ts');
      const config = readConfig(flags, process.env);
      hidePassword(flags.database);
      // What this process starts has no need of the database.
      delete process.env.RONDO_DATABASE;
      const app = await createApp(config);
      const stopped = untilStopped();
      process.send?.({ kind: 'ready', address: app.address });
      if (process.env.RONDO_SUPERVISED !== '1')
        cli.result({ server: app.address }, (value) => `Rondo  ${value.server}`);
      await stopped;
      await app[Symbol.asyncDispose]();
      process.exit(0);
    });
};
