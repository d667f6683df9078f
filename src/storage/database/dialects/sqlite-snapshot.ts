import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  isBookkeeping,
  quoted,
  SNAPSHOT_BATCH,
  type DatabaseSnapshot,
  type SnapshotTable,
  type StoredValue,
} from '../snapshot.ts';

/** A reading transaction on a connection of its own: in WAL mode writers go on beside it and it does not see them. */
export function openSqliteSnapshot(path: string): DatabaseSnapshot {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  const all = (text: string, ...values: string[]): Record<string, unknown>[] =>
    database.prepare(text).all(...values);
  const tables: SnapshotTable[] = [];
  const counters: Record<string, number> = {};
  try {
    database.exec('begin');
    const names = all(`select name from sqlite_master where type = 'table' order by name`).map(
      (row) => String(row.name),
    );
    for (const name of names.filter((table) => !isBookkeeping(table))) {
      const columns = all('select name, pk from pragma_table_info(?) order by cid', name);
      const key = columns
        .filter((column) => Number(column.pk) > 0)
        .sort((a, b) => Number(a.pk) - Number(b.pk));
      const [counted] = all(`select count(*) as n from ${quoted(name)}`);
      tables.push({
        name,
        columns: columns.map((column) => String(column.name)),
        key: key.map((column) => String(column.name)),
        rowCount: Number(counted?.n ?? 0),
      });
    }
    if (names.includes('sqlite_sequence')) {
      for (const row of all('select name, seq from sqlite_sequence order by name')) {
        counters[String(row.name)] = Number(row.seq);
      }
    }
    const migrations = all('select name from kysely_migration order by name');
    return {
      migrations: migrations.map((row) => String(row.name)),
      tables,
      counters,
      rows: (table) => rowsOf(database, table),
      close: () => {
        database.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function* rowsOf(
  database: DatabaseSync,
  table: SnapshotTable,
): AsyncGenerator<StoredValue[][]> {
  const columns = table.columns.map(quoted).join(', ');
  const order = table.key.map(quoted).join(', ') || columns;
  const statement = database.prepare(
    `select ${columns} from ${quoted(table.name)} order by ${order}`,
  );
  let batch: StoredValue[][] = [];
  for (const row of statement.iterate()) {
    batch.push(table.columns.map((column) => row[column] as StoredValue));
    if (batch.length < SNAPSHOT_BATCH) continue;
    yield batch;
    batch = [];
    // The connection is synchronous: others have their turn between batches.
    await nextTurn();
  }
  if (batch.length > 0) yield batch;
}
