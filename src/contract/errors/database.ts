import type { ErrorTable } from './error-entry.ts';

export const databaseErrors = {
  DATABASE_UNREACHABLE: {
    status: 503,
    exit: 6,
    help: 'Is the database server running, and reachable from here? Compare host, port and sslmode in the URL of --database or RONDO_DATABASE.',
  },
  DATABASE_REFUSED: {
    status: 503,
    exit: 5,
    help: 'Check user and password in the URL (special characters percent-encoded), or give the password by PGPASSWORD or ~/.pgpass. The user has to own the database, or needs CREATE on its schema.',
  },
  DATABASE_MISSING: {
    status: 503,
    exit: 5,
    help: "Create it: create database NAME with owner USER encoding 'UTF8' template template0;",
  },
  DATABASE_UNSUITABLE: {
    status: 503,
    exit: 5,
    help: 'Rondo needs PostgreSQL 15 or newer and a database with the encoding UTF8.',
  },
  DATABASE_IN_USE: {
    status: 409,
    exit: 5,
    help: 'Stop the other server, or name another database with --database: each Rondo needs one of its own.',
  },
  DATABASE_LOST: {
    status: 503,
    exit: 6,
    help: 'Try again: nothing was changed unless the message says so. "rondo doctor" tells whether the database answers.',
  },
  DATABASE_BUSY: {
    status: 503,
    exit: 6,
    help: 'Try again. If it stays so, look for a long transaction: select * from pg_stat_activity.',
  },
} as const satisfies ErrorTable;
