import { insertRows } from '../storage/database/insert-rows.ts';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type { ExperimentRow, MetricRow, RunRow } from '../storage/database/tables/tracking.ts';
import { changeExperimentRow, insertExperiment } from './experiments-store.ts';
import {
  PARAM_VALUE_LIMIT,
  storedMetricValue,
  TAG_VALUE_LIMIT,
  type MetricPoint,
  type TrackedStatus,
} from './tracked-run.ts';

const CHUNK = 500;

/** The experiment of that name, made when missing. Ids are integers as text, as MLflow's. */
export async function ensureExperiment(
  tx: Transaction,
  name: string,
  nowMs: number,
): Promise<ExperimentRow> {
  const known = await tx
    .selectFrom('experiments')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst();
  if (known?.lifecycle_stage === 'deleted') {
    // Someone deleted it through a client; what runs now belongs in sight again.
    const change = { lifecycle_stage: 'active', last_update_time_ms: nowMs };
    await changeExperimentRow(tx, known.experiment_id, change);
    return { ...known, ...change };
  }
  if (known) return known;
  return insertExperiment(tx, {
    name,
    artifactLocation: null,
    nowMs,
    taken: () => new Error(`the experiment ${name} was made meanwhile`),
  });
}

export async function insertTrackedRun(
  tx: Transaction,
  run: {
    runId: string;
    experimentId: string;
    name: string;
    parentRunId: string | null;
    startTimeMs: number;
    tags: Readonly<Record<string, string>>;
    params: Readonly<Record<string, string>>;
    status?: TrackedStatus;
  },
): Promise<void> {
  await tx
    .insertInto('runs')
    .values({
      run_id: run.runId,
      experiment_id: run.experimentId,
      name: run.name,
      user_id: 'rondo',
      status: run.status ?? 'RUNNING',
      lifecycle_stage: 'active',
      parent_run_id: run.parentRunId,
      artifact_uri: `mlflow-artifacts:/${run.experimentId}/${run.runId}/artifacts`,
      start_time_ms: run.startTimeMs,
      end_time_ms: null,
    })
    .execute();
  await setTags(tx, run.runId, {
    'mlflow.runName': run.name,
    'mlflow.user': 'rondo',
    'mlflow.source.type': 'JOB',
    ...(run.parentRunId === null ? {} : { 'mlflow.parentRunId': run.parentRunId }),
    ...run.tags,
  });
  await logParams(tx, run.runId, run.params);
}

/** Inserts a run as a client made it. */
export async function insertClientRun(tx: Transaction, row: RunRow): Promise<RunRow> {
  await tx.insertInto('runs').values(row).execute();
  return row;
}

/** Writes the columns of a run that a client may change. */
export async function updateRun(
  tx: Transaction,
  runId: string,
  { name, status, end_time_ms, lifecycle_stage, parent_run_id }: RunRow,
): Promise<void> {
  await tx
    .updateTable('runs')
    .set({ name, status, end_time_ms, lifecycle_stage, parent_run_id })
    .where('run_id', '=', runId)
    .execute();
}

export async function readTag(
  db: ReadDatabase,
  runId: string,
  key: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('run_tags')
    .select('value')
    .where('run_id', '=', runId)
    .where('key', '=', key)
    .executeTakeFirst();
  return row?.value;
}

/** Takes a tag away; false when there was none. */
export async function removeTag(tx: Transaction, runId: string, key: string): Promise<boolean> {
  const gone = await tx
    .deleteFrom('run_tags')
    .where('run_id', '=', runId)
    .where('key', '=', key)
    .executeTakeFirst();
  return gone.numDeletedRows > 0n;
}

export async function setTrackedStatus(
  tx: Transaction,
  runId: string,
  change: { status: TrackedStatus; endTimeMs: number | null },
): Promise<void> {
  await tx
    .updateTable('runs')
    .set({ status: change.status, end_time_ms: change.endTimeMs })
    .where('run_id', '=', runId)
    .execute();
}

/** Sets tags; a tag set again has its new value. */
export async function setTags(
  tx: Transaction,
  runId: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({
    run_id: runId,
    key,
    value: value.slice(0, TAG_VALUE_LIMIT),
  }));
  for (let i = 0; i < rows.length; i += CHUNK) {
    await tx
      .insertInto('run_tags')
      .values(rows.slice(i, i + CHUNK))
      .onConflict((conflict) =>
        conflict
          .columns(['run_id', 'key'])
          .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      )
      .execute();
  }
}

/** Logs parameters. The first value of each stays for ever; gives those that were to get another one. */
export async function logParams(
  tx: Transaction,
  runId: string,
  params: Readonly<Record<string, string>>,
): Promise<{ key: string; stored: string; given: string }[]> {
  const rows = Object.entries(params).map(([key, value]) => ({
    run_id: runId,
    key,
    value: value.slice(0, PARAM_VALUE_LIMIT),
  }));
  const refused: { key: string; stored: string; given: string }[] = [];
  for (let i = 0; i < rows.length; i += CHUNK) {
    const chunk = rows.slice(i, i + CHUNK);
    await tx
      .insertInto('run_params')
      .values(chunk)
      .onConflict((conflict) => conflict.columns(['run_id', 'key']).doNothing())
      .execute();
    const keys = chunk.map((row) => row.key);
    const stored = await tx
      .selectFrom('run_params')
      .select(['key', 'value'])
      .where('run_id', '=', runId)
      .where('key', 'in', keys)
      .execute();
    const values = new Map(stored.map((row) => [row.key, row.value]));
    for (const { key, value } of chunk) {
      const kept = values.get(key) ?? value;
      if (kept !== value) refused.push({ key, stored: kept, given: value });
    }
  }
  return refused;
}

const METRICS = {
  table: 'metrics',
  columns: ['run_id', 'key', 'value', 'is_nan', 'step', 'timestamp_ms'],
  // A point logged again (a client's retry) is there already.
  conflict: 'do nothing',
};
const LATEST = {
  table: 'latest_metrics',
  columns: METRICS.columns,
  conflict: `("run_id", "key") do update set value = excluded.value, is_nan = excluded.is_nan,
    step = excluded.step, timestamp_ms = excluded.timestamp_ms
    where (excluded.step, excluded.timestamp_ms, excluded.value, excluded.is_nan)
      > (latest_metrics.step, latest_metrics.timestamp_ms, latest_metrics.value, latest_metrics.is_nan)`,
};

/** Appends values to the metrics' histories and keeps the latest of each: the greatest (step, timestamp, value). */
export async function logMetrics(
  tx: Transaction,
  runId: string,
  points: readonly MetricPoint[],
): Promise<void> {
  if (points.length === 0) return;
  const rows = points.map((point): MetricRow => ({
    run_id: runId,
    key: point.key,
    ...storedMetricValue(point.value),
    step: point.step ?? 0,
    timestamp_ms: point.timestampMs,
  }));
  const latest = new Map<string, MetricRow>();
  for (const row of rows) {
    const known = latest.get(row.key);
    if (!known || isLater(row, known)) latest.set(row.key, row);
  }
  await insertRows(tx, METRICS, rows.toSorted(byPlace).map(valuesOf));
  await insertRows(tx, LATEST, [...latest.values()].toSorted(byPlace).map(valuesOf));
}

function valuesOf(row: MetricRow): unknown[] {
  return [row.run_id, row.key, row.value, row.is_nan, row.step, row.timestamp_ms];
}

/** One order for all writers, so that two that share rows never wait for each other in a ring. */
function byPlace(a: MetricRow, b: MetricRow): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return (
    a.timestamp_ms - b.timestamp_ms || a.step - b.step || a.value - b.value || a.is_nan - b.is_nan
  );
}

/** Names blobs as a run's artifacts; a path logged again points to the new blob. */
export async function logArtifacts(
  tx: Transaction,
  runId: string,
  files: readonly { path: string; digest: string; sizeBytes: number }[],
): Promise<void> {
  const rows = files.map((file) => ({
    run_id: runId,
    path: file.path,
    digest: file.digest,
    size_bytes: file.sizeBytes,
  }));
  for (let i = 0; i < rows.length; i += CHUNK) {
    await tx
      .insertInto('artifacts')
      .values(rows.slice(i, i + CHUNK))
      .onConflict((conflict) =>
        conflict.columns(['run_id', 'path']).doUpdateSet((eb) => ({
          digest: eb.ref('excluded.digest'),
          size_bytes: eb.ref('excluded.size_bytes'),
        })),
      )
      .execute();
  }
}

export async function findTrackedRun(db: ReadDatabase, runId: string): Promise<RunRow | undefined> {
  return db.selectFrom('runs').selectAll().where('run_id', '=', runId).executeTakeFirst();
}

/** Latest value of each metric of a run. */
export async function latestMetrics(
  db: ReadDatabase,
  runId: string,
): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('latest_metrics')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('key')
    .execute();
  return Object.fromEntries(
    rows.map((row) => [row.key, row.is_nan === 1 ? Number.NaN : row.value]),
  );
}

/** The history of one metric, oldest first. */
export async function metricHistory(
  db: ReadDatabase,
  runId: string,
  key: string,
): Promise<MetricRow[]> {
  return db
    .selectFrom('metrics')
    .selectAll()
    .where('run_id', '=', runId)
    .where('key', '=', key)
    .orderBy('step')
    .orderBy('timestamp_ms')
    .orderBy('value')
    .execute();
}

function isLater(a: MetricRow, b: MetricRow): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp_ms !== b.timestamp_ms) return a.timestamp_ms > b.timestamp_ms;
  return a.value > b.value || (a.value === b.value && a.is_nan > b.is_nan);
}
