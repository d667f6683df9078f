import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { AppError } from '../../../../base/app-error.ts';
import { resultTypes } from './result-types.ts';

/** What a database URL says, ready for `pg`; `shown` names the database without its password. */
export type PostgresTarget = { config: ClientConfig; shown: string; readers: number };

const CONNECT_MS = 8000;
const STATEMENT_MS = 10 * 60_000;
const LOCK_MS = 30_000;
/** Shorter than the wait for a lock: a server that was stopped in mid-transaction frees the writers' turn in time. */
const IDLE_IN_TRANSACTION_MS = 20_000;
const READERS = 8;
const KNOWN = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'pool', 'application_name'];

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…&pool=8`. What is missing comes from PGUSER, PGPASSWORD,
 * PGHOST, PGPORT, PGDATABASE and ~/.pgpass, as with psql. Throws USAGE without repeating the password.
 */
export function readPostgresUrl(url: URL): PostgresTarget {
  for (const name of url.searchParams.keys()) {
    if (!KNOWN.includes(name)) {
      throw new AppError(
        'USAGE',
        `The database URL has an unknown setting "${name}"; known: ${KNOWN.join(', ')}.`,
      );
    }
  }
  const readers = Number(url.searchParams.get('pool') ?? READERS);
  if (!Number.isInteger(readers) || readers < 1 || readers > 100) {
    throw new AppError('USAGE', 'pool in the database URL is a number of connections, 1 to 100.');
  }
  const user = decode(url.username) || process.env.PGUSER;
  const password = decode(url.password);
  const host = decode(url.hostname).replace(/^\[|\]$/g, '') || process.env.PGHOST || '127.0.0.1';
  const port = Number(url.port || process.env.PGPORT || 5432);
  const database = decode(url.pathname.slice(1)) || process.env.PGDATABASE || user;
  const ssl = tlsOf(url.searchParams, host);
  return {
    readers,
    shown: `postgres://${user === undefined ? '' : `${user}@`}${host}:${port}/${database ?? ''}`,
    config: {
      host,
      port,
      ...(user === undefined ? {} : { user }),
      ...(database === undefined ? {} : { database }),
      ...(password === '' ? {} : { password }),
      ...(ssl === undefined ? {} : { ssl }),
      application_name:
        url.searchParams.get('application_name') ?? `rondo ${hostname()} ${process.pid}`,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: STATEMENT_MS + LOCK_MS,
      lock_timeout: LOCK_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      // A server that died without a word lets go of its locks soon; a client's end is seen in mid-statement too.
      options:
        '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c client_connection_check_interval=2000',
      types: resultTypes,
    },
  };
}

/** TLS as libpq's sslmode has it; without one the connection is plain. */
function tlsOf(query: URLSearchParams, host: string): ConnectionOptions | undefined {
  const mode = query.get('sslmode') ?? 'disable';
  if (mode === 'disable') return undefined;
  if (!['require', 'verify-ca', 'verify-full'].includes(mode)) {
    throw new AppError(
      'USAGE',
      `sslmode=${mode} in the database URL is none of disable, require, verify-ca, verify-full.`,
    );
  }
  const file = (name: string): string | undefined => {
    const path = query.get(name);
    if (path === null) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw new AppError('USAGE', `${name} in the database URL: ${path} cannot be read.`, {
        cause: error,
      });
    }
  };
  const [ca, cert, key] = [file('sslrootcert'), file('sslcert'), file('sslkey')];
  return {
    host,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: mode !== 'require' || ca !== undefined,
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AppError(
      'USAGE',
      'The database URL has a % that begins no percent-encoded character; write %25 for the sign itself.',
    );
  }
}
