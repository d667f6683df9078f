import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { filesAt } from '../../datasets/dataset-store.ts';
import type { DatasetFile } from '../../datasets/dataset-version.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { AnalyticsSession } from '../../storage/analytics/analytics.ts';
import { readKnownFiles } from '../dataset-rows.ts';
import { packBatch, type LogRow } from '../feature-log.ts';
import {
  clearLog,
  insertBatch,
  insertSegment,
  moveProgress,
  type StoredView,
} from '../feature-store.ts';
import {
  blankValues,
  insertPending,
  nextSequence,
  putValues,
  type ViewValue,
} from '../value-store.ts';
import {
  featureColumns,
  type FeatureColumn,
  type FeatureValue,
  type FeatureView,
} from '../feature-view.ts';
import { makeValues, type MadeValues } from '../make-values.ts';
import { earlierStates } from '../source-file-store.ts';
import { extendHistory, forgetHistory, isBounded, loadHistory } from '../view-history.ts';
import { KNOWN_MS, logColumn, viewQuery } from '../view-sql.ts';
import { storePart } from './compact-log.ts';

export type FeaturesContext = Pick<
  Context,
  'db' | 'blobs' | 'analytics' | 'clocks' | 'ids' | 'bus' | 'logger' | 'project' | 'paths'
>;

/** New rows as a table; views of one dataset that stand at the same file share it. */
export type Incoming = {
  table: string;
  rows: number;
  knownMs: number | null;
  columns: Set<string>;
};
export type IncomingTables = Map<string, Promise<Incoming>>;

let tablesMade = 0;

/** Drops the tables of a round. */
export async function dropIncoming(ctx: FeaturesContext, tables: IncomingTables): Promise<void> {
  for (const made of await Promise.allSettled(tables.values())) {
    if (made.status === 'fulfilled')
      await ctx.analytics.run(`drop table if exists ${made.value.table}`);
  }
}

/**
 * Brings the log of a view up to the files of its dataset at sequence `to`. All of it (log, latest values, cursor) is
 * published in one transaction after the blobs are stored: a crash at any moment loses or doubles nothing.
 * A file that replaced one the view was made from makes the view anew.
 */
export async function materialiseView(
  ctx: FeaturesContext,
  session: AnalyticsSession,
  work: { stored: StoredView; to: number; tables: IncomingTables },
): Promise<void> {
  const { to } = work;
  try {
    let stored = work.stored;
    const { view } = stored;
    let files = await filesOf(ctx, view, stored.fileSequence, to);
    const earlier = await earlierStates(ctx.db, {
      dataset: view.from,
      until: stored.fileSequence,
      files,
    });
    const rebuilt = earlier.replaced.length > 0;
    if (rebuilt) {
      stored = anew(stored);
      files = await filesOf(ctx, view, 0, to);
      forgetHistory(ctx, view.digest);
    } else if (earlier.known.length > 0) {
      files = files.filter((file) => !earlier.known.includes(file.path));
    }
    const from = { fileSequence: work.stored.fileSequence, batch: work.stored.batch };
    if (files.length === 0 && !rebuilt) {
      await skip(ctx, { stored, from, to });
      return;
    }
    const incoming = await loadIncoming(ctx, session, { view, files, to, tables: work.tables });
    const columns = stored.columns ?? (await describeView(session, view, incoming.table));
    const history = await loadHistory(ctx, session, stored);
    const bounded = isBounded(view, incoming.columns);
    const made = await makeValues(session, {
      view,
      columns,
      incoming: incoming.table,
      rows: incoming.rows,
      knownMs: incoming.knownMs,
      history: history?.table ?? null,
      bounded,
      hasEventColumn: incoming.columns.has(view.time.event),
      newestEventMs: stored.maxEventMs,
      firstBatch: (rebuilt ? 0 : stored.batch) + 1,
    });
    const knownMs = Math.max(...files.map((file) => file.maxAvailableMs ?? file.registeredAtMs));
    await publish(ctx, session, {
      stored,
      from,
      to,
      made,
      columns,
      knownMs,
      replaced: rebuilt ? earlier.replaced : null,
    });
    await extendHistory(ctx, session, {
      view,
      history,
      source: `select * exclude (${KNOWN_MS}) from ${incoming.table}`,
      rows: incoming.rows,
      fileSequence: to,
      bounded,
    });
  } catch (error) {
    forgetHistory(ctx, work.stored.view.digest);
    throw error;
  }
}

function filesOf(
  ctx: FeaturesContext,
  view: FeatureView,
  after: number,
  to: number,
): Promise<DatasetFile[]> {
  return filesAt(ctx.db, {
    dataset: view.from,
    afterSequence: after,
    sequence: to,
    status: 'accepted',
  });
}

function anew(stored: StoredView): StoredView {
  return {
    ...stored,
    fileSequence: 0,
    logRows: 0,
    maxEventMs: null,
    maxAvailableMs: null,
    maxKnownMs: null,
    historyDigest: null,
    historySequence: 0,
  };
}

/** Files that add nothing (quarantined, known bytes): only the cursor moves. */
async function skip(
  ctx: FeaturesContext,
  step: { stored: StoredView; from: { fileSequence: number; batch: number }; to: number },
): Promise<void> {
  const { stored } = step;
  forgetHistory(ctx, stored.view.digest);
  await ctx.db.transaction().execute((tx) =>
    moveProgress(tx, {
      viewDigest: stored.view.digest,
      from: step.from,
      to: { ...stored, fileSequence: step.to },
      columns: stored.columns,
      nowMs: ctx.clocks.calendar.nowMs(),
    }),
  );
}

function loadIncoming(
  ctx: FeaturesContext,
  session: AnalyticsSession,
  part: { view: FeatureView; files: readonly DatasetFile[]; to: number; tables: IncomingTables },
): Promise<Incoming> {
  const { files, view, tables } = part;
  const key = `${view.from} ${files[0]?.addedSequence}-${part.to} ${files.length}`;
  const loading = tables.get(key) ?? createIncoming(ctx, session, view, files);
  tables.set(key, loading);
  return loading;
}

async function createIncoming(
  ctx: FeaturesContext,
  session: AnalyticsSession,
  view: FeatureView,
  files: readonly DatasetFile[],
): Promise<Incoming> {
  tablesMade += 1;
  const table = `rondo_incoming_${tablesMade}`;
  const query = await readKnownFiles(ctx, view.from, files);
  await session.run(`create table ${table} as ${query}`);
  return {
    table,
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    knownMs: oneAvailability(files),
    columns: new Set(files.flatMap((file) => file.columns.map((column) => column.name))),
  };
}

/** The one availability of all rows of the files, when their bounds tell so. */
function oneAvailability(files: readonly DatasetFile[]): number | null {
  const first = files[0]?.minAvailableMs ?? null;
  return files.every((file) => file.minAvailableMs === first && file.maxAvailableMs === first)
    ? first
    : null;
}

async function describeView(
  session: AnalyticsSession,
  view: FeatureView,
  table: string,
): Promise<FeatureColumn[]> {
  const source = `select * exclude (${KNOWN_MS}) from ${table}`;
  const given = await session
    .rows<{ column_name: string; column_type: string }>(`describe ${viewQuery(view, source)}`)
    .catch((error: unknown) => {
      throw failed(view, error);
    });
  return featureColumns(
    view,
    given.map((column) => ({ name: column.column_name, type: column.column_type })),
  );
}

function failed(view: FeatureView, error: unknown): AppError {
  const reason =
    error instanceof Error ? (error.message.split('\n\n')[0] ?? error.message) : String(error);
  return new AppError(
    'FEATURE_VIEW_FAILED',
    `Feature view "${view.name}" failed on dataset "${view.from}": ${reason}`,
    {
      cause: error,
    },
  );
}

async function publish(
  ctx: FeaturesContext,
  session: AnalyticsSession,
  work: {
    stored: StoredView;
    from: { fileSequence: number; batch: number };
    to: number;
    made: MadeValues;
    columns: readonly FeatureColumn[];
    knownMs: number;
    /** Paths whose replacement made the view anew; null when the log goes on. */
    replaced: string[] | null;
  },
): Promise<void> {
  const { stored, made, columns } = work;
  const { view } = stored;
  const nowMs = ctx.clocks.calendar.nowMs();
  const firstBatch = (work.replaced ? 0 : work.from.batch) + 1;
  const segment =
    made.kind === 'table'
      ? await storePart(ctx, session, {
          rows: `from ${made.table}`,
          firstBatch,
          lastBatch: made.lastBatch,
        })
      : undefined;
  const batch =
    made.kind === 'rows' && made.count > 0
      ? packBatch(made.rows, columns, made.lastBatch)
      : undefined;
  const latest = await latestValues(session, made, columns, nowMs);
  const bounds = segment ?? batch;
  await ctx.db.transaction().execute(async (tx) => {
    if (work.replaced) {
      await clearLog(tx, view.digest);
      const blank = JSON.stringify(
        Object.fromEntries(columns.map((column) => [column.name, null])),
      );
      await blankValues(tx, view.digest, { valueJson: blank, sequence: await nextSequence(tx) });
      await appendEvent(ctx, tx, {
        type: 'feature.view-rebuilt',
        subject: { kind: 'feature-view', id: view.name },
        data: { view: view.name, digest: view.digest, replaced: work.replaced.slice(0, 20) },
      });
    }
    if (segment) await insertSegment(tx, view.digest, segment);
    if (batch) await insertBatch(tx, view.digest, batch);
    if (latest.now.length > 0) {
      await putValues(tx, view.digest, { values: latest.now, sequence: await nextSequence(tx) });
    }
    await insertPending(tx, view.digest, latest.later);
    await moveProgress(tx, {
      viewDigest: view.digest,
      from: work.from,
      to: {
        fileSequence: work.to,
        batch: made.lastBatch,
        logRows: stored.logRows + made.count,
        maxEventMs: newer(stored.maxEventMs, bounds?.max_event_ms),
        maxAvailableMs: newer(stored.maxAvailableMs, bounds?.max_available_ms),
        maxKnownMs: newer(stored.maxKnownMs, work.knownMs),
      },
      columns: [...columns],
      nowMs,
    });
  });
}

function newer(a: number | null, b: number | undefined): number | null {
  if (b === undefined) return a;
  return a === null ? b : Math.max(a, b);
}

/** The newest value per key among those available now, and every value that will become available later. */
async function latestValues(
  session: AnalyticsSession,
  made: MadeValues,
  columns: readonly FeatureColumn[],
  nowMs: number,
): Promise<{ now: ViewValue[]; later: ViewValue[] }> {
  const names = [
    'key',
    'event_ms',
    'available_ms',
    'batch',
    ...columns.map((column) => logColumn(column.name)),
  ].join(', ');
  const rows =
    made.kind === 'rows'
      ? made.rows
      : await session.rows<LogRow>(
          `select distinct on (key) ${names} from ${made.table} where available_ms <= ${nowMs}
              order by key, event_ms desc, batch desc, available_ms desc`,
        );
  const now = new Map<string, LogRow>();
  const later: LogRow[] = [];
  for (const row of rows) {
    if (row.available_ms > nowMs) {
      later.push(row);
      continue;
    }
    const before = now.get(row.key);
    if (!before || isNewer(row, before)) now.set(row.key, row);
  }
  if (made.kind === 'table') {
    later.push(
      ...(await session.rows<LogRow>(
        `select ${names} from ${made.table} where available_ms > ${nowMs}`,
      )),
    );
  }
  const toValue = (row: LogRow): ViewValue => ({
    key: row.key,
    eventMs: row.event_ms,
    availableMs: row.available_ms,
    values: Object.fromEntries(columns.map((c) => [c.name, row[`f_${c.name}`] ?? null])) as Record<
      string,
      FeatureValue
    >,
  });
  return { now: [...now.values()].map(toValue), later: later.map(toValue) };
}

function isNewer(a: LogRow, b: LogRow): boolean {
  if (a.event_ms !== b.event_ms) return a.event_ms > b.event_ms;
  if (a.batch !== b.batch) return a.batch > b.batch;
  return a.available_ms > b.available_ms;
}
