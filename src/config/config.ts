import { resolve } from 'node:path';
import { AppError } from '../base/app-error.ts';

/** Settings of a server and its gateway, from flags and `RONDO_*` variables (flags win). */
export type Config = {
  projectDir: string;
  dataDir: string;
  /** Where Python environments of steps are kept; in the data directory unless told. */
  environmentsDir: string | undefined;
  host: string;
  port: number;
  gatewayHost: string;
  gatewayPort: number;
  /** URL of the database; a file in the data directory unless told. */
  database: string | undefined;
  /** Needed for any address but loopback. */
  token: string | undefined;
  calendar: { kind: 'real' } | { kind: 'replayed'; startMs: number };
  logLevel: string;
};

export type ConfigFlags = {
  dir?: string;
  data?: string;
  host?: string;
  port?: string;
  gatewayPort?: string;
  database?: string;
  calendar?: string;
  logLevel?: string;
};

/** Flags over environment over defaults. Throws `USAGE` for values that cannot be, `TOKEN_REQUIRED` for an open address. */
export function readConfig(flags: ConfigFlags, env: Record<string, string | undefined>): Config {
  const projectDir = resolve(flags.dir ?? env.RONDO_DIR ?? '.');
  const host = flags.host ?? env.RONDO_HOST ?? '127.0.0.1';
  const token = env.RONDO_TOKEN === '' ? undefined : env.RONDO_TOKEN;
  if (!isLoopback(host) && token === undefined) {
    throw new AppError(
      'TOKEN_REQUIRED',
      `Rondo would listen on ${host}, where others can reach it, without a token.`,
    );
  }
  return {
    projectDir,
    dataDir: resolve(flags.data ?? env.RONDO_DATA ?? `${projectDir}/.rondo`),
    environmentsDir:
      env.RONDO_ENVIRONMENTS === undefined ? undefined : resolve(env.RONDO_ENVIRONMENTS),
    host,
    port: portOf('--port', flags.port ?? env.RONDO_PORT ?? '7300'),
    gatewayHost: host,
    gatewayPort: portOf('--gateway-port', flags.gatewayPort ?? env.RONDO_GATEWAY_PORT ?? '7301'),
    database: flags.database ?? env.RONDO_DATABASE,
    token,
    calendar: calendarOf(flags.calendar ?? env.RONDO_CALENDAR ?? 'real'),
    logLevel: flags.logLevel ?? env.RONDO_LOG_LEVEL ?? 'warn',
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function portOf(flag: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new AppError('USAGE', `${flag} ${text} is not a port (0 to 65535).`);
  }
  return port;
}

function calendarOf(text: string): Config['calendar'] {
  if (text === 'real') return { kind: 'real' };
  const start = /^replayed:(.+)$/.exec(text)?.[1];
  const startMs = start === undefined ? Number.NaN : Date.parse(start);
  if (Number.isNaN(startMs)) {
    throw new AppError(
      'USAGE',
      `--calendar ${text} is neither "real" nor "replayed:INSTANT" (ISO 8601).`,
    );
  }
  return { kind: 'replayed', startMs };
}
