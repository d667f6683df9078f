import { sql } from 'kysely';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import type {
  DatasetFileRow,
  DatasetProfilePartRow,
  DatasetRow,
  DatasetVersionRow,
} from '../storage/database/tables/datasets.ts';
import type { DatasetFile, DatasetVersion } from './dataset-version.ts';

const INSERT_CHUNK = 500;

export function findDatasetRow(db: ReadDatabase, name: string): Promise<DatasetRow | undefined> {
  return db.selectFrom('datasets').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function listDatasetRows(db: ReadDatabase): Promise<DatasetRow[]> {
  return db.selectFrom('datasets').selectAll().orderBy('name').execute();
}

/** The files present now, of some paths or all. */
export async function presentFiles(
  db: ReadDatabase,
  dataset: string,
  paths?: readonly string[],
): Promise<DatasetFileRow[]> {
  const select = db
    .selectFrom('dataset_files')
    .selectAll()
    .where('dataset', '=', dataset)
    .where('removed_sequence', 'is', null);
  if (!paths) return select.orderBy('added_sequence').execute();
  const rows: DatasetFileRow[] = [];
  for (let at = 0; at < paths.length; at += INSERT_CHUNK) {
    rows.push(...(await select.where('path', 'in', paths.slice(at, at + INSERT_CHUNK)).execute()));
  }
  return rows;
}

/** The files a sequence stands for, in order of arrival; of those added after `afterSequence` only, if told. */
export async function filesAt(
  db: ReadDatabase,
  query: {
    dataset: string;
    sequence: number;
    afterSequence?: number;
    status?: 'accepted' | 'quarantined';
  },
): Promise<DatasetFile[]> {
  let select = db
    .selectFrom('dataset_files')
    .selectAll()
    .where('dataset', '=', query.dataset)
    .where('added_sequence', '<=', query.sequence)
    .where('added_sequence', '>', query.afterSequence ?? 0)
    .where((where) =>
      where.or([
        where('removed_sequence', 'is', null),
        where('removed_sequence', '>', query.sequence),
      ]),
    );
  if (query.status) select = select.where('status', '=', query.status);
  return (await select.orderBy('added_sequence').execute()).map(toFile);
}

/** Files of a dataset by arrival, newest first, one page. */
export async function pageOfFiles(
  db: ReadDatabase,
  query: { dataset: string; status?: string; before?: number; limit: number },
): Promise<DatasetFile[]> {
  let select = db
    .selectFrom('dataset_files')
    .selectAll()
    .where('dataset', '=', query.dataset)
    .where('removed_sequence', 'is', null);
  if (query.status) select = select.where('status', '=', query.status as DatasetFileRow['status']);
  if (query.before !== undefined) select = select.where('added_sequence', '<', query.before);
  return (await select.orderBy('added_sequence', 'desc').limit(query.limit).execute()).map(toFile);
}

/** Makes the row of a dataset if need be and takes `count` numbers of its sequence; gives the last one taken. */
export async function takeSequence(
  tx: Transaction,
  dataset: string,
  count: number,
  nowMs: number,
): Promise<number> {
  await tx
    .insertInto('datasets')
    .values({
      name: dataset,
      sequence: 0,
      file_count: 0,
      quarantined_count: 0,
      row_count: 0,
      size_bytes: 0,
      changed_at_ms: nowMs,
      scanned_at_ms: null,
      scan_error: null,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const row = await tx
    .updateTable('datasets')
    .set({ sequence: sql<number>`sequence + ${count}`, changed_at_ms: nowMs })
    .where('name', '=', dataset)
    .returning('sequence')
    .executeTakeFirstOrThrow();
  return Number(row.sequence);
}

export async function insertFiles(tx: Transaction, rows: readonly DatasetFileRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += INSERT_CHUNK) {
    await tx
      .insertInto('dataset_files')
      .values(rows.slice(at, at + INSERT_CHUNK))
      .execute();
  }
}

export async function markRemoved(
  tx: Transaction,
  dataset: string,
  addedSequence: number,
  removedSequence: number,
): Promise<void> {
  await tx
    .updateTable('dataset_files')
    .set({ removed_sequence: removedSequence })
    .where('dataset', '=', dataset)
    .where('added_sequence', '=', addedSequence)
    .execute();
}

/** The same bytes were written again: only the stat has changed. */
export async function updateStat(
  tx: Transaction,
  row: Pick<DatasetFileRow, 'dataset' | 'added_sequence' | 'mtime_ns' | 'inode'>,
): Promise<void> {
  await tx
    .updateTable('dataset_files')
    .set({ mtime_ns: row.mtime_ns, inode: row.inode })
    .where('dataset', '=', row.dataset)
    .where('added_sequence', '=', row.added_sequence)
    .execute();
}

export async function addToCounters(
  tx: Transaction,
  dataset: string,
  by: { files: number; quarantined: number; rows: number; sizeBytes: number },
): Promise<void> {
  await tx
    .updateTable('datasets')
    .set({
      file_count: sql<number>`file_count + ${by.files}`,
      quarantined_count: sql<number>`quarantined_count + ${by.quarantined}`,
      row_count: sql<number>`row_count + ${by.rows}`,
      size_bytes: sql<number>`size_bytes + ${by.sizeBytes}`,
    })
    .where('name', '=', dataset)
    .execute();
}

export async function recordScan(
  tx: Transaction,
  dataset: string,
  scan: { atMs: number; error: string | null },
): Promise<void> {
  await takeSequence(tx, dataset, 0, scan.atMs);
  await tx
    .updateTable('datasets')
    .set({ scanned_at_ms: scan.atMs, scan_error: scan.error })
    .where('name', '=', dataset)
    .execute();
}

export async function latestVersion(
  db: ReadDatabase,
  dataset: string,
): Promise<DatasetVersion | undefined> {
  const row = await db
    .selectFrom('dataset_versions')
    .selectAll()
    .where('dataset', '=', dataset)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toVersion(row);
}

/** A version by its number, its digest (or the first 8 or more digits of it), or `latest`. */
export async function findVersion(
  db: ReadDatabase,
  dataset: string,
  version: string | number,
): Promise<DatasetVersion | undefined> {
  if (version === 'latest') return latestVersion(db, dataset);
  const select = db.selectFrom('dataset_versions').selectAll().where('dataset', '=', dataset);
  const text = String(version);
  if (/^\d{1,7}$/.test(text)) {
    const row = await select.where('number', '=', Number(text)).executeTakeFirst();
    return row && toVersion(row);
  }
  const digits = text.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{8,64}$/.test(digits)) return undefined;
  const row = await select
    .where('digest', 'like', `sha256:${digits}%`)
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row && toVersion(row);
}

/** Versions, newest first, one page. */
export async function pageOfVersions(
  db: ReadDatabase,
  query: { dataset: string; before?: number; limit: number },
): Promise<DatasetVersion[]> {
  let select = db.selectFrom('dataset_versions').selectAll().where('dataset', '=', query.dataset);
  if (query.before !== undefined) select = select.where('number', '<', query.before);
  return (await select.orderBy('number', 'desc').limit(query.limit).execute()).map(toVersion);
}

/** False when a version of that content or number is there already. */
export async function insertVersion(tx: Transaction, row: DatasetVersionRow): Promise<boolean> {
  const result = await tx
    .insertInto('dataset_versions')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
}

export function profileParts(db: ReadDatabase, dataset: string): Promise<DatasetProfilePartRow[]> {
  return db
    .selectFrom('dataset_profile_parts')
    .selectAll()
    .where('dataset', '=', dataset)
    .orderBy('from_sequence')
    .execute();
}

/** Puts these parts in the place of all a dataset has. */
export async function replaceProfileParts(
  tx: Transaction,
  dataset: string,
  rows: readonly DatasetProfilePartRow[],
): Promise<void> {
  const known = await tx
    .selectFrom('dataset_profile_parts')
    .select(['from_sequence', 'files_digest', 'format', 'to_sequence'])
    .where('dataset', '=', dataset)
    .execute();
  const same = (row: Omit<DatasetProfilePartRow, 'profile' | 'dataset'>): string =>
    `${row.from_sequence}:${row.to_sequence}:${row.files_digest}:${row.format}`;
  const keep = new Set(known.map(same).filter((key) => rows.some((row) => same(row) === key)));
  for (const row of known) {
    if (keep.has(same(row))) continue;
    await tx
      .deleteFrom('dataset_profile_parts')
      .where('dataset', '=', dataset)
      .where('from_sequence', '=', row.from_sequence)
      .execute();
  }
  for (const row of rows) {
    if (!keep.has(same(row))) await tx.insertInto('dataset_profile_parts').values(row).execute();
  }
}

/** The files of a dataset mostly have the same columns: one list stands for all of them. */
const columnsByText = new Map<string, DatasetFile['columns']>();

function columnsOf(text: string): DatasetFile['columns'] {
  const known = columnsByText.get(text);
  if (known) return known;
  const columns = JSON.parse(text) as DatasetFile['columns'];
  if (columnsByText.size >= 1000) columnsByText.clear();
  columnsByText.set(text, columns);
  return columns;
}

export function toFile(row: DatasetFileRow): DatasetFile {
  return {
    path: row.path,
    digest: row.digest as Digest,
    rows: row.rows,
    sizeBytes: row.size_bytes,
    minEventMs: row.min_event_ms,
    maxEventMs: row.max_event_ms,
    minAvailableMs: row.min_available_ms,
    maxAvailableMs: row.max_available_ms,
    status: row.status,
    reason: row.reason,
    anomalies:
      row.anomalies === null ? [] : (JSON.parse(row.anomalies) as DatasetFile['anomalies']),
    columns: columnsOf(row.columns),
    addedSequence: row.added_sequence,
    registeredAtMs: row.registered_at_ms,
  };
}

export function toVersion(row: DatasetVersionRow): DatasetVersion {
  return {
    dataset: row.dataset,
    number: row.number,
    digest: row.digest as Digest,
    sequence: row.sequence,
    state: row.state,
    rows: row.rows,
    newRows: row.new_rows,
    fileCount: row.file_count,
    quarantinedCount: row.quarantined_count,
    sizeBytes: row.size_bytes,
    minEventMs: row.min_event_ms,
    maxEventMs: row.max_event_ms,
    maxAvailableMs: row.max_available_ms,
    columns: JSON.parse(row.columns) as DatasetVersion['columns'],
    profileDigest: row.profile_digest as Digest,
    anomalies: JSON.parse(row.anomalies) as DatasetVersion['anomalies'],
    createdAtMs: row.created_at_ms,
  };
}
