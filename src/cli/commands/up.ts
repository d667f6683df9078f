import type { Command } from 'commander';
import { readConfig, type ConfigFlags } from '../../config/config.ts';
import { requireProjectFile } from '../../config/project-file/load-project-file.ts';
import { supervise } from '../../supervisor.ts';
import type { CommandModule } from '../cli.ts';
import { hidePassword } from '../hide-password.ts';

/** Flags that `up`, `server` and `gateway` share. */
export function withServerFlags(command: Command): Command {
  return command
    .option('--dir <project>', 'folder with rondo.yaml (RONDO_DIR), default: this one')
    .option('--data <dir>', 'data directory (RONDO_DATA), default: .rondo in the project')
    .option('--host <address>', 'address to listen on (RONDO_HOST), default: 127.0.0.1')
    .option('--port <port>', 'port of API and screens (RONDO_PORT), default: 7300')
    .option('--gateway-port <port>', 'port of the gateway (RONDO_GATEWAY_PORT), default: 7301')
    .option('--database <url>', 'database (RONDO_DATABASE), default: SQLite in the data directory')
    .option('--calendar <kind>', '"real", or "replayed:INSTANT" for simulations (RONDO_CALENDAR)')
    .option('--log-level <level>', 'trace, debug, info, warn, error (RONDO_LOG_LEVEL)');
}

/** Flags as given, for the supervised processes. */
export function passOn(flags: ConfigFlags): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value]
      : [],
  );
}

export const upCommand: CommandModule = (program, cli) => {
  withServerFlags(program.command('up'))
    .description('start Rondo: server, screens and gateway')
    .action(async (flags: ConfigFlags) => {
      const config = readConfig(flags, process.env);
      requireProjectFile(config.projectDir);
      const {
        json: _json,
        url: _url,
        database,
        ...own
      } = flags as ConfigFlags & { json?: boolean; url?: string };
      hidePassword(database);
      const supervisor = supervise(passOn(own), {
        ...process.env,
        ...(database === undefined ? {} : { RONDO_DATABASE: database }),
      });
      process.on('SIGTERM', supervisor.stop);
      process.on('SIGINT', supervisor.stop);
      const addresses = await supervisor.ready.catch(() => undefined);
      if (addresses) {
        cli.result(
          { ...addresses, data: config.dataDir, pid: process.pid },
          () =>
            `Rondo    ${addresses.server}\nGateway  ${addresses.gateway}\nData     ${config.dataDir}\nStop with Ctrl-C.`,
        );
      }
      process.exitCode = await supervisor.done;
    });
};
