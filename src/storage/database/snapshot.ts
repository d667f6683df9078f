/**
 * One consistent view of a whole database, however long it is read and whatever is written meanwhile. The tables of
 * Kysely's migrator are not among them.
 */
export type DatabaseSnapshot = {
  /** Names of the migrations that were applied, in order. */
  migrations: readonly string[];
  tables: readonly SnapshotTable[];
  /** The highest position given out so far, by table that numbers its rows. */
  counters: Readonly<Record<string, number>>;
  /** Rows in the order of the primary key, in batches; values stand in the order of the table's columns. */
  rows(table: SnapshotTable): AsyncIterable<readonly (readonly StoredValue[])[]>;
  close(): Promise<void>;
};

export type SnapshotTable = {
  name: string;
  columns: readonly string[];
  key: readonly string[];
  rowCount: number;
};

export type StoredValue = string | number | null;

export const SNAPSHOT_BATCH = 500;

/** Tables that are not data: the migrator's, and the mark of a restore. */
export function isBookkeeping(table: string): boolean {
  return table.startsWith('kysely_') || table.startsWith('sqlite_') || table === RESTORE_MARK;
}

/** There while a restore is under way: a database that has it is not whole. */
export const RESTORE_MARK = 'restore_unfinished';

/** A name as SQL text. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
