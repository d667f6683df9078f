import { AppError } from '../base/app-error.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type {
  FeatureBatchRow,
  FeatureSegmentRow,
  FeatureViewRow,
} from '../storage/database/tables/features.ts';
import {
  definitionText,
  parseDefinition,
  type FeatureColumn,
  type FeatureView,
} from './feature-view.ts';

export type StoredView = {
  view: FeatureView;
  state: 'current' | 'superseded' | 'stopped';
  columns: FeatureColumn[] | null;
  fileSequence: number;
  batch: number;
  logRows: number;
  maxEventMs: number | null;
  maxAvailableMs: number | null;
  maxKnownMs: number | null;
  historyDigest: Digest | null;
  historySequence: number;
  error: string | null;
};

export type LogPart = Omit<FeatureSegmentRow, 'view_digest'>;
export type LogBatch = Omit<FeatureBatchRow, 'view_digest'>;

function toStoredView(row: FeatureViewRow): StoredView {
  return {
    view: { ...parseDefinition(row.definition), name: row.name, digest: row.view_digest },
    state: row.state as StoredView['state'],
    columns: row.columns === null ? null : (JSON.parse(row.columns) as FeatureColumn[]),
    fileSequence: row.file_sequence,
    batch: row.batch,
    logRows: row.log_rows,
    maxEventMs: row.max_event_ms,
    maxAvailableMs: row.max_available_ms,
    maxKnownMs: row.max_known_ms,
    historyDigest: row.history_digest as Digest | null,
    historySequence: row.history_sequence,
    error: row.error,
  };
}

/** Every stored definition of every view, newest first within a name. */
export async function storedViews(db: ReadDatabase): Promise<StoredView[]> {
  const rows = await db
    .selectFrom('feature_views')
    .selectAll()
    .orderBy('name')
    .orderBy('created_at_ms', 'desc')
    .orderBy('view_digest')
    .execute();
  return rows.map(toStoredView);
}

export async function storedView(
  db: ReadDatabase,
  viewDigest: string,
): Promise<StoredView | undefined> {
  const row = await db
    .selectFrom('feature_views')
    .selectAll()
    .where('view_digest', '=', viewDigest)
    .executeTakeFirst();
  return row && toStoredView(row);
}

/** Makes a definition the current one of its name; the one before goes on as `superseded`. */
export async function putCurrentView(
  tx: Transaction,
  view: FeatureView,
  nowMs: number,
): Promise<void> {
  await tx
    .updateTable('feature_views')
    .set({ state: 'superseded' })
    .where('name', '=', view.name)
    .where('state', '=', 'current')
    .execute();
  await tx
    .insertInto('feature_views')
    .values({
      view_digest: view.digest,
      name: view.name,
      dataset: view.from,
      definition: definitionText(view),
      columns: null,
      state: 'current',
      file_sequence: 0,
      batch: 0,
      log_rows: 0,
      max_event_ms: null,
      max_available_ms: null,
      max_known_ms: null,
      history_digest: null,
      history_sequence: 0,
      error: null,
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
    })
    .onConflict((conflict) =>
      conflict.column('view_digest').doUpdateSet({ state: 'current', created_at_ms: nowMs }),
    )
    .execute();
}

export async function setViewState(
  tx: Transaction,
  viewDigest: string,
  state: StoredView['state'],
): Promise<void> {
  await tx
    .updateTable('feature_views')
    .set({ state })
    .where('view_digest', '=', viewDigest)
    .execute();
}

/** How far an update has come. `from` is where it began: another writer in between is a conflict. */
export type Progress = {
  viewDigest: string;
  from: { fileSequence: number; batch: number };
  to: Pick<
    StoredView,
    'fileSequence' | 'batch' | 'logRows' | 'maxEventMs' | 'maxAvailableMs' | 'maxKnownMs'
  >;
  columns: FeatureColumn[] | null;
  nowMs: number;
};

/** Moves a view's cursor. Throws `FEATURE_LOG_CONFLICT` when another writer moved it since `from` was read. */
export async function moveProgress(tx: Transaction, progress: Progress): Promise<void> {
  const { to } = progress;
  const done = await tx
    .updateTable('feature_views')
    .set({
      file_sequence: to.fileSequence,
      batch: to.batch,
      log_rows: to.logRows,
      max_event_ms: to.maxEventMs,
      max_available_ms: to.maxAvailableMs,
      max_known_ms: to.maxKnownMs,
      columns: progress.columns === null ? null : JSON.stringify(progress.columns),
      error: null,
      updated_at_ms: progress.nowMs,
    })
    .where('view_digest', '=', progress.viewDigest)
    .where('file_sequence', '=', progress.from.fileSequence)
    .where('batch', '=', progress.from.batch)
    .executeTakeFirst();
  if (Number(done.numUpdatedRows) === 1) return;
  throw new AppError(
    'FEATURE_LOG_CONFLICT',
    `The log of view ${progress.viewDigest} was moved by another writer.`,
  );
}

export async function setViewError(
  tx: Transaction,
  viewDigest: string,
  error: string | null,
): Promise<void> {
  await tx
    .updateTable('feature_views')
    .set({ error })
    .where('view_digest', '=', viewDigest)
    .execute();
}

/** Forgets a view's log, so that it can be made anew in the same transaction. */
export async function clearLog(tx: Transaction, viewDigest: string): Promise<void> {
  for (const table of ['feature_segments', 'feature_batches', 'feature_pending'] as const) {
    await tx.deleteFrom(table).where('view_digest', '=', viewDigest).execute();
  }
  await tx
    .updateTable('feature_views')
    .set({ history_digest: null, history_sequence: 0 })
    .where('view_digest', '=', viewDigest)
    .execute();
}

export async function insertBatch(
  tx: Transaction,
  viewDigest: string,
  batch: LogBatch,
): Promise<void> {
  await tx
    .insertInto('feature_batches')
    .values({ view_digest: viewDigest, ...batch })
    .execute();
}

export async function insertSegment(
  tx: Transaction,
  viewDigest: string,
  part: LogPart,
): Promise<void> {
  await tx
    .insertInto('feature_segments')
    .values({ view_digest: viewDigest, ...part })
    .execute();
}

/** Replaces the batches and segments of a range of batches by one segment. */
export async function replaceBySegment(
  tx: Transaction,
  viewDigest: string,
  part: LogPart,
): Promise<void> {
  await tx
    .deleteFrom('feature_batches')
    .where('view_digest', '=', viewDigest)
    .where('batch', '>=', part.first_batch)
    .where('batch', '<=', part.last_batch)
    .execute();
  await tx
    .deleteFrom('feature_segments')
    .where('view_digest', '=', viewDigest)
    .where('first_batch', '>=', part.first_batch)
    .where('last_batch', '<=', part.last_batch)
    .execute();
  await insertSegment(tx, viewDigest, part);
}

export async function setHistory(
  tx: Transaction,
  viewDigest: string,
  history: { digest: Digest; sequence: number },
): Promise<void> {
  await tx
    .updateTable('feature_views')
    .set({ history_digest: history.digest, history_sequence: history.sequence })
    .where('view_digest', '=', viewDigest)
    .execute();
}

/** Batches not yet compacted, oldest first. */
export async function openBatches(
  db: ReadDatabase,
  viewDigest: string,
): Promise<FeatureBatchRow[]> {
  return db
    .selectFrom('feature_batches')
    .selectAll()
    .where('view_digest', '=', viewDigest)
    .orderBy('batch')
    .execute();
}

export async function countBatches(
  db: ReadDatabase,
  viewDigest: string,
): Promise<{ batches: number; rows: number }> {
  const found = await db
    .selectFrom('feature_batches')
    .select((e) => [
      e.fn.countAll<number>().as('batches'),
      e.fn.sum<number | null>('rows').as('rows'),
    ])
    .where('view_digest', '=', viewDigest)
    .executeTakeFirstOrThrow();
  return { batches: found.batches, rows: found.rows ?? 0 };
}

/** Segments of a view, oldest first; with bounds those alone that can hold a row inside them. */
export async function segments(
  db: ReadDatabase,
  viewDigest: string,
  bounds: { minEventMs?: number; maxAvailableMs?: number } = {},
): Promise<FeatureSegmentRow[]> {
  let query = db.selectFrom('feature_segments').selectAll().where('view_digest', '=', viewDigest);
  if (bounds.minEventMs !== undefined) query = query.where('max_event_ms', '>=', bounds.minEventMs);
  if (bounds.maxAvailableMs !== undefined)
    query = query.where('min_available_ms', '<=', bounds.maxAvailableMs);
  return query.orderBy('first_batch').execute();
}
