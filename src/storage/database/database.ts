import type { Kysely, Transaction as KyselyTransaction } from 'kysely';
import { AppError } from '../../base/app-error.ts';
import { databaseDialects } from './dialects/index.ts';
import type { Claim, DatabaseDialect, OpenedDatabase } from './dialects/dialect.ts';
import { migrateToLatest } from './migrate.ts';
import type { DatabaseSnapshot } from './snapshot.ts';
import type { Tables } from './tables/index.ts';

/** Reads for `views/`: a write through it is a type error. */
export type ReadDatabase = Pick<Kysely<Tables>, 'selectFrom' | 'with' | 'fn'>;
/** The open database. Inside a transaction use the transaction alone: SQLite has one connection and would wait for ever. */
export type Database = Kysely<Tables>;
export type Transaction = KyselyTransaction<Tables>;

export type OpenDatabase = { db: Database } & Pick<OpenedDatabase, 'afterCommit' | 'close'>;

/**
 * Opens the database a URL names and brings it to the newest schema. A server takes it for itself before: `onTaken` is
 * called when it was lost to another one. Throws `DATA_DIR_NEWER` when a newer Rondo has written it, `DATABASE_IN_USE`
 * when another server has it, `USAGE` for an unknown scheme.
 */
export async function openDatabase(url: URL, server?: { onTaken(): void }): Promise<OpenDatabase> {
  const opened = await dialectOf(url).open(url);
  const { kysely, afterCommit } = opened;
  let claim: Claim | undefined;
  const close = async (): Promise<void> => {
    await opened.close();
    await claim?.release();
  };
  try {
    if (server) claim = await opened.claim(server.onTaken);
    await migrateToLatest(kysely);
  } catch (error) {
    await close();
    throw error;
  }
  return { db: kysely, afterCommit, close };
}

/** A consistent view of everything in a database, while others write. */
export function openSnapshot(url: URL): Promise<DatabaseSnapshot> {
  return dialectOf(url).snapshot(url);
}

/** The engine a URL selects. Throws `USAGE`. */
export function dialectOf(url: URL): DatabaseDialect {
  const dialect = databaseDialects.find((candidate) => candidate.schemes.includes(url.protocol));
  if (dialect) return dialect;
  const known = databaseDialects.flatMap((candidate) => candidate.schemes).join(' ');
  throw new AppError('USAGE', `No database engine for ${url.protocol}; known: ${known}`);
}
