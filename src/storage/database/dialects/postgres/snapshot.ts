import pg from 'pg';
import {
  isBookkeeping,
  quoted,
  SNAPSHOT_BATCH,
  type DatabaseSnapshot,
  type SnapshotTable,
  type StoredValue,
} from '../../snapshot.ts';
import type { PostgresTarget } from './connection-options.ts';
import { describeConnectError } from './describe-error.ts';

/** A read-only transaction of isolation level "repeatable read" on a connection of its own. */
export async function openPostgresSnapshot(target: PostgresTarget): Promise<DatabaseSnapshot> {
  // Whoever takes the backup away sets the pace: no limit of time.
  const client = new pg.Client({
    ...target.config,
    statement_timeout: 0,
    query_timeout: 0,
    idle_in_transaction_session_timeout: 0,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin isolation level repeatable read read only');
    const tables = await readTables(client);
    const { rows: migrations } = await client.query<{ name: string }>(
      'select name from kysely_migration order by name',
    );
    return {
      migrations: migrations.map((row) => row.name),
      tables,
      counters: await readCounters(client),
      rows: (table) => rowsOf(client, table),
      close: () => client.end(),
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw describeConnectError(error, target.shown);
  }
}

async function readTables(client: pg.Client): Promise<SnapshotTable[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; key: string[] | null }>(
    `select c.relname as name,
            (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            (select array_agg(a.attname::text order by k.position)
               from pg_index i cross join unnest(i.indkey) with ordinality as k(number, position)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
              where i.indrelid = c.oid and i.indisprimary) as key
       from pg_class c where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
      order by c.relname collate "C"`,
  );
  const tables: SnapshotTable[] = [];
  for (const { name, columns, key } of rows) {
    if (isBookkeeping(name)) continue;
    const counted = await client.query<{ n: number }>(`select count(*) as n from ${quoted(name)}`);
    tables.push({ name, columns, key: key ?? [], rowCount: counted.rows[0]?.n ?? 0 });
  }
  return tables;
}

async function readCounters(client: pg.Client): Promise<Record<string, number>> {
  const { rows } = await client.query<{ table: string; sequence: string }>(
    `select table_name as table, pg_get_serial_sequence(quote_ident(table_name), column_name) as sequence
       from information_schema.columns where is_identity = 'YES' and table_schema = current_schema()
      order by table_name`,
  );
  const counters: Record<string, number> = {};
  for (const { table, sequence } of rows) {
    // Sequences stand outside transactions: this may be past the snapshot, which does no harm.
    const found = await client.query<{ last_value: number; is_called: boolean }>(
      `select last_value, is_called from ${sequence}`,
    );
    const [row] = found.rows;
    if (row?.is_called === true) counters[table] = row.last_value;
  }
  return counters;
}

async function* rowsOf(client: pg.Client, table: SnapshotTable): AsyncGenerator<StoredValue[][]> {
  const columns = table.columns.map(quoted).join(', ');
  const order = table.key.map(quoted).join(', ') || columns;
  await client.query(
    `declare backup no scroll cursor for select ${columns} from ${quoted(table.name)} order by ${order}`,
  );
  for (;;) {
    const { rows } = await client.query<StoredValue[]>({
      text: `fetch ${SNAPSHOT_BATCH} from backup`,
      rowMode: 'array',
    });
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('close backup');
}
