import { fileURLToPath } from 'node:url';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, sql, SqliteAdapter, SqliteDialect } from 'kysely';
import { AppError } from '../../../base/app-error.ts';
import type { Tables } from '../tables/index.ts';
import type { DatabaseDialect } from './dialect.ts';
import { openSqliteSnapshot } from './sqlite-snapshot.ts';

/** SQLite's DDL is transactional; Kysely's adapter says otherwise, and a failing migration would leave its tables. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter();
  }
}

/**
 * Embedded SQLite through `node:sqlite`: WAL, one writer process. Kysely's own dialect speaks to it through a shim that
 * caches prepared statements and begins transactions as writers, so that a later write never meets BUSY_SNAPSHOT.
 */
export const sqliteDialect: DatabaseDialect = {
  schemes: ['sqlite:'],
  summary: 'embedded, a file in the data directory',
  open(url) {
    const path = pathOf(url);
    const database = new DatabaseSync(path, {
      timeout: 5000,
      enableForeignKeyConstraints: true,
      defensive: true,
    });
    database.exec(
      'pragma journal_mode = wal; pragma synchronous = normal; pragma temp_store = memory; pragma cache_size = -32000;',
    );
    const statements = new Map<string, StatementSync>();
    const prepare = (text: string): StatementSync => {
      const known = statements.get(text);
      if (known) return known;
      const statement = database.prepare(text);
      if (statements.size < 1000) statements.set(text, statement);
      return statement;
    };
    const shim = {
      close: () => {
        database.close();
      },
      prepare: (text: string) => {
        const statement = prepare(text === 'begin' ? 'begin immediate' : text);
        const run = <T>(action: () => T): T => {
          try {
            return action();
          } catch (error) {
            throw describe(error);
          }
        };
        return {
          reader: statement.columns().length > 0,
          all: (parameters: readonly unknown[]) =>
            run(() => statement.all(...(parameters as SQLInputValue[]))),
          run: (parameters: readonly unknown[]) =>
            // SQLite rolls back by itself when the disk is full; a second rollback would hide the cause.
            text === 'rollback' && !database.isTransaction
              ? { changes: 0, lastInsertRowid: 0 }
              : run(() => statement.run(...(parameters as SQLInputValue[]))),
          iterate: (parameters: readonly unknown[]) =>
            statement.iterate(...(parameters as SQLInputValue[])),
        };
      },
    };
    const kysely = new Kysely<Tables>({ dialect: new NodeSqliteDialect({ database: shim }) });
    return Promise.resolve({
      kysely,
      // A turn of the event loop is enough: `commit` runs in the same one as the last statement's end.
      afterCommit: (run: () => void) => {
        setImmediate(run);
      },
      // The lock of the data directory stands for the file in it.
      claim: () => Promise.resolve({ release: () => Promise.resolve() }),
      close: () => kysely.destroy(),
    });
  },
  snapshot: async (url) => openSqliteSnapshot(pathOf(url)),
  async setCounter(kysely, table, last) {
    await sql`delete from sqlite_sequence where name = ${table}`.execute(kysely);
    await sql`insert into sqlite_sequence (name, seq) values (${table}, ${last})`.execute(kysely);
  },
};

function pathOf(url: URL): string {
  return fileURLToPath(new URL(url.href.replace(/^sqlite:/, 'file:')));
}

const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;

function describe(error: unknown): unknown {
  const code = (error as { errcode?: number }).errcode;
  if (code !== undefined && ((code & 0xff) === SQLITE_FULL || (code & 0xff) === SQLITE_IOERR)) {
    return new AppError('DISK_FULL', 'The database could not be written: the disk is full.', {
      cause: error,
    });
  }
  return error;
}
