import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../base/app-error.ts';
import { verifyChain } from '../events/verify-chain.ts';
import type { BlobStore } from '../storage/blobs/blob-store.ts';
import { openFileBlobStore } from '../storage/blobs/file-blob-store.ts';
import { dialectOf, type Database } from '../storage/database/database.ts';
import { migrateToLatest } from '../storage/database/migrate.ts';
import { migrations } from '../storage/database/migrations/index.ts';
import { RESTORE_MARK, type StoredValue } from '../storage/database/snapshot.ts';
import type { BackupHead, BackupManifest } from './backup-format.ts';
import { readBackup, type ReadBackup } from './read-backup.ts';

/** Parameters of one statement: SQLite takes 32,766. */
const MOST_PARAMETERS = 30_000;
/** What an unused data directory may hold: its lock. */
const LOCK_FILES = /^lock\.db/;

export type RestoreTarget = {
  database: URL;
  /** A directory of its own; the caller holds its lock. */
  dataDir: string;
  progress?(done: { rows?: number; blobs?: number; bytes?: number }): void;
};

export type Restored = ReadBackup & { sealed: number; migrated: number };

/**
 * Fills an empty database and data directory from a backup and checks the result: rows counted, every blob hashed, the
 * audit chain recomputed up to the link the backup names. Until all of it holds the database carries a mark, and no
 * server opens it. Throws `RESTORE_TARGET_NOT_EMPTY`, `BACKUP_INVALID`, `DATA_DIR_NEWER`, `DATABASE_IN_USE`.
 */
export async function restoreBackup(
  source: AsyncIterable<Uint8Array>,
  target: RestoreTarget,
): Promise<Restored> {
  const dialect = dialectOf(target.database);
  const opened = await dialect.open(target.database);
  try {
    const claim = await opened.claim(() => undefined);
    try {
      const db = opened.kysely;
      const tables = db as unknown as Tables;
      await prepare(tables, target.dataDir);
      try {
        const blobs = await openFileBlobStore(join(target.dataDir, 'blobs'));
        const read = await readBackup(source, sinkOf({ db, tables, blobs, target }));
        for (const [table, last] of Object.entries(read.head.counters)) {
          if (last > 0) await dialect.setCounter(db, table, last);
        }
        const sealed = await check(db, tables, read);
        await finish(db);
        const migrated = Object.keys(migrations).length - read.head.migrations.length;
        return { ...read, sealed, migrated };
      } catch (error) {
        // Where even this fails the mark stays, and the next restore clears.
        await clear(tables, target.dataDir).catch(() => undefined);
        throw error;
      }
    } finally {
      await claim.release();
    }
  } finally {
    await opened.close();
  }
}

/** The database by names known at run time only. */
type Tables = Kysely<Record<string, Record<string, StoredValue>>>;

/** Sets the mark on an empty target; clears what a restore into the same one left that was not finished. */
async function prepare(tables: Tables, dataDir: string): Promise<void> {
  const existing = await tables.introspection.getTables({ withInternalKyselyTables: true });
  const names = existing.map((table) => table.name).filter((name) => !name.startsWith('sqlite_'));
  const unfinished = names.includes(RESTORE_MARK);
  if (names.length > 0 && !unfinished) {
    throw new AppError('RESTORE_TARGET_NOT_EMPTY', 'The database is not empty.');
  }
  const row = unfinished
    ? await tables.selectFrom(RESTORE_MARK).select('data_dir').executeTakeFirst()
    : undefined;
  const files = await othersIn(dataDir);
  if (files.length > 0 && row?.data_dir !== dataDir) {
    throw new AppError(
      'RESTORE_TARGET_NOT_EMPTY',
      `The data directory ${dataDir} is not empty: it has ${files.slice(0, 5).join(', ')}.`,
    );
  }
  if (unfinished) await clear(tables, dataDir);
  await tables.transaction().execute(async (tx) => {
    await tx.schema.createTable(RESTORE_MARK).addColumn('data_dir', 'text').execute();
    await tx.insertInto(RESTORE_MARK).values({ data_dir: dataDir }).execute();
  });
}

/** Takes away what this restore made; its mark last. */
async function clear(tables: Tables, dataDir: string): Promise<void> {
  for (const name of await othersIn(dataDir)) await rm(join(dataDir, name), { recursive: true });
  const existing = await tables.introspection.getTables({ withInternalKyselyTables: true });
  const names = existing.map((table) => table.name).filter((name) => !name.startsWith('sqlite_'));
  for (const name of names.filter((table) => table !== RESTORE_MARK)) {
    await tables.schema.dropTable(name).execute();
  }
  await tables.schema.dropTable(RESTORE_MARK).execute();
}

/** What the data directory holds besides its lock and its database. */
async function othersIn(dataDir: string): Promise<string[]> {
  const names = await readdir(dataDir);
  return names.filter((name) => !LOCK_FILES.test(name) && !name.startsWith('rondo.db'));
}

function sinkOf(into: {
  db: Database;
  tables: Tables;
  blobs: BlobStore;
  target: RestoreTarget;
}): Parameters<typeof readBackup>[1] {
  const { db, tables, blobs, target } = into;
  return {
    async head(head) {
      await migrateLike(db, head);
      // What migrations put in is among the rows that come.
      for (const table of head.tables) await tables.deleteFrom(table.name).execute();
    },
    async rows(table, rows) {
      const atOnce = Math.max(1, Math.floor(MOST_PARAMETERS / Math.max(1, table.columns.length)));
      await tables.transaction().execute(async (tx) => {
        for (let from = 0; from < rows.length; from += Math.min(atOnce, 500)) {
          const some = rows.slice(from, from + Math.min(atOnce, 500));
          await tx
            .insertInto(table.name)
            .values(some.map((row) => toRecord(table.columns, row)))
            .execute();
        }
      });
      target.progress?.({ rows: rows.length });
    },
    async blob(_digest, body) {
      const { sizeBytes } = await blobs.put(Readable.from(body, { objectMode: false }));
      target.progress?.({ blobs: 1, bytes: sizeBytes });
    },
    async log(path, body) {
      const file = join(target.dataDir, 'logs', path);
      await mkdir(dirname(file), { recursive: true });
      await pipeline(Readable.from(body, { objectMode: false }), createWriteStream(file));
    },
  };
}

function toRecord(
  columns: readonly string[],
  row: readonly StoredValue[],
): Record<string, StoredValue> {
  return Object.fromEntries(columns.map((column, at) => [column, row[at] ?? null]));
}

/** Makes the schema the backup was taken from. */
async function migrateLike(db: Database, head: BackupHead): Promise<void> {
  const unknown = head.migrations.filter((name) => !(name in migrations));
  if (unknown.length > 0) {
    throw new AppError(
      'DATA_DIR_NEWER',
      `The backup was written by a newer Rondo (it has ${unknown.join(', ')}).`,
      { help: 'Update rondo, then restore.' },
    );
  }
  const known = Object.entries(migrations).filter(([name]) => head.migrations.includes(name));
  await migrateToLatest(db, Object.fromEntries(known), true);
}

/** Counts what lies in the database now, and recomputes the audit chain. Gives how many events are sealed. */
async function check(
  db: Database,
  tables: Tables,
  { head, manifest }: ReadBackup,
): Promise<number> {
  for (const table of head.tables) {
    const { n } = await tables
      .selectFrom(table.name)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    if (n !== table.rows) {
      throw new AppError('BACKUP_INVALID', `${table.name} has ${n} rows instead of ${table.rows}.`);
    }
  }
  const verdict = await verifyChain(db);
  if (verdict.kind === 'broken' || !endsWith(manifest.chain, verdict.head, verdict.sealed)) {
    throw new AppError(
      'AUDIT_BROKEN',
      `The audit chain in the backup does not fit${verdict.kind === 'broken' ? ` at event ${verdict.eventId ?? '(gone)'}` : ' its manifest'}.`,
      { help: 'Take another backup: this one was made from a changed event log, or was changed.' },
    );
  }
  return verdict.sealed;
}

function endsWith(chain: BackupManifest['chain'], head: string, sealed: number): boolean {
  return chain === null ? sealed === 0 : chain.hash === head;
}

/** Brings the schema to this version, lets the new gateway's spool begin at its beginning, and takes the mark away. */
async function finish(db: Database): Promise<void> {
  await migrateToLatest(db, migrations, true);
  await db.transaction().execute(async (tx) => {
    await tx.updateTable('spool_cursors').set({ segment: '', byte_offset: 0 }).execute();
    await sql`drop table ${sql.table(RESTORE_MARK)}`.execute(tx);
  });
}
