import type { Kysely, Transaction as KyselyTransaction } from 'kysely';
import { AppError } from '../../base/app-error.ts';
import { databaseDialects } from './dialects/index.ts';
import type { OpenedDatabase } from './dialects/dialect.ts';
import { migrateToLatest } from './migrate.ts';
import type { Tables } from './tables/index.ts';

/** Reads for `views/`: a write through it is a type error. */
export type ReadDatabase = Pick<Kysely<Tables>, 'selectFrom' | 'with' | 'fn'>;
/** The open database. Inside a transaction use the transaction alone: SQLite has one connection and would wait for ever. */
export type Database = Kysely<Tables>;
export type Transaction = KyselyTransaction<Tables>;

export type OpenDatabase = { db: Database } & Pick<
  OpenedDatabase,
  'afterCommit' | 'claim' | 'close'
>;

/**
 * Opens the database a URL names and brings it to the newest schema.
 * Throws `DATA_DIR_NEWER` when a newer Rondo has written it, `BAD_REQUEST` for an unknown scheme.
 */
export async function openDatabase(url: URL): Promise<OpenDatabase> {
  const dialect = databaseDialects.find((candidate) => candidate.schemes.includes(url.protocol));
  if (!dialect) {
    const known = databaseDialects.flatMap((candidate) => candidate.schemes).join(' ');
    throw new AppError('BAD_REQUEST', `No database engine for ${url.protocol}; known: ${known}`);
  }
  const opened = await dialect.open(url);
  try {
    await migrateToLatest(opened.kysely);
  } catch (error) {
    await opened.close();
    throw error;
  }
  const { kysely, afterCommit, claim, close } = opened;
  return { db: kysely, afterCommit, claim, close };
}
