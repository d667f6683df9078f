import type { z } from 'zod';
import type {
  RunItem,
  RunsView,
  RunView,
  StepView,
  runsQuery,
} from '../contract/views/runs-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type {
  AttemptRow,
  PipelineRunRow,
  StepArtifactRow,
  StepRunRow,
} from '../storage/database/tables/runs.ts';
import type { RunRow } from '../storage/database/tables/tracking.ts';
import { adHocItem, adHocRuns, adHocRunView } from './ad-hoc-runs.ts';
import { jsonColumn } from './json-column.ts';
import { counted } from './words.ts';

type RunsQuery = Partial<z.infer<typeof runsQuery>>;

/** Runs newest first, filtered; `after` is `STARTED:RUN` of the last one seen. */
export async function runsView(db: ReadDatabase, query: RunsQuery): Promise<RunsView> {
  const limit = query.limit ?? 50;
  let select = db.selectFrom('pipeline_runs');
  if (query.pipeline !== undefined) select = select.where('pipeline', '=', query.pipeline);
  if (query.state !== undefined) select = select.where('state', '=', query.state);
  if (query.cause !== undefined) select = select.where('cause_kind', '=', query.cause);
  if (query.text !== undefined) {
    const like = `%${query.text.toLowerCase()}%`;
    select = select.where((eb) =>
      eb.or([
        eb('run_id', 'like', like),
        eb(eb.fn<string>('lower', ['pipeline']), 'like', like),
        eb(eb.fn<string>('lower', ['cause']), 'like', like),
      ]),
    );
  }
  const total = await select
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  const [startedText, runId] = splitKey(query.after);
  if (startedText !== undefined && runId !== undefined) {
    const started = Number(startedText);
    select = select.where((eb) =>
      eb.or([
        eb('started_at_ms', '<', started),
        eb.and([eb('started_at_ms', '=', started), eb('run_id', '<', runId)]),
      ]),
    );
  }
  const rows = await select
    .selectAll()
    .orderBy('started_at_ms', 'desc')
    .orderBy('run_id', 'desc')
    .limit(limit + 1)
    .execute();
  const pipelines = await db
    .selectFrom('pipeline_runs')
    .select('pipeline')
    .distinct()
    .orderBy('pipeline')
    .execute();
  const adHoc = await adHocRuns(
    db,
    query,
    runId === undefined ? null : { startedMs: Number(startedText), runId },
    limit + 1,
  );
  const items = [...(await runItems(db, rows)), ...(await adHocItems(db, adHoc.rows))].toSorted(
    newestFirst,
  );
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown,
    next: items.length > limit && last ? `${last.createdMs}:${last.runId}` : null,
    total: Number(total.count) + adHoc.total,
    pipelines: pipelines.map((row) => row.pipeline),
  };
}

function newestFirst(a: RunItem, b: RunItem): number {
  return b.createdMs - a.createdMs || (a.runId < b.runId ? 1 : -1);
}

/** Splits a key `NUMBER:ID`. */
export function splitKey(key: string | undefined): [string | undefined, string | undefined] {
  const at = key?.indexOf(':') ?? -1;
  return key === undefined || at < 0
    ? [undefined, undefined]
    : [key.slice(0, at), key.slice(at + 1)];
}

async function adHocItems(db: ReadDatabase, rows: readonly RunRow[]): Promise<RunItem[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.run_id);
  const { metrics, versions } = await loggedBy(db, ids);
  const params = await db.selectFrom('run_params').selectAll().where('run_id', 'in', ids).execute();
  return rows.map((row) => {
    const produced = versions.find((version) => version.run_id === row.run_id);
    return adHocItem(
      row,
      {
        metrics: Object.fromEntries(
          metrics.filter((one) => one.run_id === row.run_id).map((one) => [one.key, one.value]),
        ),
        parameters: Object.fromEntries(
          params.filter((one) => one.run_id === row.run_id).map((one) => [one.key, one.value]),
        ),
      },
      produced ? { model: produced.model, version: produced.version } : null,
    );
  });
}

async function loggedBy(db: ReadDatabase, ids: string[]) {
  const metrics = await db
    .selectFrom('latest_metrics')
    .select(['run_id', 'key', 'value'])
    .where('run_id', 'in', ids)
    .where('is_nan', '=', 0)
    .execute();
  const versions = await db
    .selectFrom('model_versions')
    .select(['run_id', 'model', 'version'])
    .where('run_id', 'in', ids)
    .execute();
  return { metrics, versions };
}

async function runItems(db: ReadDatabase, rows: readonly PipelineRunRow[]): Promise<RunItem[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.run_id);
  const { metrics, versions } = await loggedBy(db, ids);
  const cached = await db
    .selectFrom('step_runs')
    .select((eb) => ['run_id', eb.fn.countAll<number | string>().as('count')])
    .where('run_id', 'in', ids)
    .where('state', '=', 'cached')
    .groupBy('run_id')
    .execute();
  return rows.map((row) => {
    const produced = versions.find((version) => version.run_id === row.run_id);
    return {
      kind: 'pipeline',
      runId: row.run_id,
      pipeline: row.pipeline,
      state: row.state,
      cause: causeOf(row),
      createdMs: row.started_at_ms,
      startedMs: row.started_at_ms,
      endedMs: row.ended_at_ms,
      durationMs: row.duration_ms,
      steps: {
        total: row.steps_total,
        done: row.steps_done,
        cached: Number(cached.find((item) => item.run_id === row.run_id)?.count ?? 0),
      },
      parameters: jsonColumn<RunItem['parameters']>(row.parameters, {}),
      metrics: Object.fromEntries(
        metrics
          .filter((metric) => metric.run_id === row.run_id)
          .map((metric) => [metric.key, metric.value]),
      ),
      produced: produced ? { model: produced.model, version: produced.version } : null,
      failure: row.state === 'failed' ? row.reason : null,
    };
  });
}

function causeOf(row: Pick<PipelineRunRow, 'cause' | 'cause_kind'>): RunItem['cause'] {
  const cause = jsonColumn<{ text?: string; alarmId?: string; dataset?: string; version?: number }>(
    row.cause,
    {},
  );
  return { kind: row.cause_kind, text: cause.text ?? row.cause_kind, to: null };
}

/** One run with its steps, attempts, inputs, outputs and metrics; undefined when there is none. */
export async function runView(db: ReadDatabase, runId: string): Promise<RunView | undefined> {
  const row = await db
    .selectFrom('pipeline_runs')
    .selectAll()
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (!row) {
    const step = await db
      .selectFrom('step_runs')
      .select('run_id')
      .where('step_run_id', '=', runId)
      .executeTakeFirst();
    // A step is an MLflow run as well; whoever has its id is shown the run it belongs to.
    if (step) return runView(db, step.run_id);
    return adHocRunView(db, runId, (rows) => adHocItems(db, rows));
  }
  const [item] = await runItems(db, [row]);
  if (!item) return undefined;
  item.cause.to = await causeAddress(db, row);
  const steps = await db
    .selectFrom('step_runs')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('position')
    .execute();
  const attempts = await db
    .selectFrom('attempts')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('number')
    .execute();
  const artifacts = await db
    .selectFrom('step_artifacts')
    .selectAll()
    .where('run_id', '=', runId)
    .execute();
  const metrics = steps.flatMap((step) =>
    Object.entries(jsonColumn<Record<string, number>>(step.metrics, {})).map(([name, value]) => ({
      step: step.step,
      name,
      value,
    })),
  );
  const definition = jsonColumn<Definition>(row.definition, {});
  return {
    run: item,
    code: { commit: row.commit_sha, workingTree: row.working_tree === 1 },
    sentence: sentenceOf(row, item),
    steps: steps.map((step) => stepOf(step, definition, attempts, artifacts)),
    metrics:
      metrics.length > 0
        ? metrics
        : Object.entries(item.metrics).map(([name, value]) => ({ step: null, name, value })),
    failure:
      row.state === 'failed'
        ? {
            step: row.failed_step,
            code: row.code,
            reason: row.reason ?? 'The run failed without a reason.',
          }
        : null,
  };
}

/** Where the cause of a run can be read: the alarm it answered, or the dataset whose data were new. */
async function causeAddress(db: ReadDatabase, row: PipelineRunRow): Promise<string | null> {
  const { eventId } = jsonColumn<{ eventId?: string }>(row.cause, {});
  if (eventId === undefined) return null;
  const alarm = await db
    .selectFrom('alarms')
    .select('alarm_id')
    .where('opened_event', '=', eventId)
    .executeTakeFirst();
  if (alarm) return `/alarms/${alarm.alarm_id}`;
  const event = await db
    .selectFrom('events')
    .select(['subject_kind', 'subject_id', 'data'])
    .where('event_id', '=', eventId)
    .executeTakeFirst();
  if (event?.subject_kind === 'dataset') return `/datasets/${event.subject_id}`;
  const { dataset } = jsonColumn<{ dataset?: string }>(event?.data, {});
  return dataset === undefined ? null : `/datasets/${dataset}`;
}

function sentenceOf(row: PipelineRunRow, item: RunItem): string {
  const why = item.cause.text.replace(/\.$/, '');
  const made = item.produced ? ` It made ${item.produced.model} ${item.produced.version}.` : '';
  switch (row.state) {
    case 'succeeded':
      return `Started because: ${why}. All ${counted(row.steps_total, 'step')} finished${item.steps.cached > 0 ? `, ${item.steps.cached} from the cache` : ''}.${made}`;
    case 'failed':
      return `Started because: ${why}. It stopped${row.failed_step ? ` in ${row.failed_step}` : ''}: ${row.reason ?? 'no reason was left'}`;
    case 'cancelled':
      return `Started because: ${why}. It was cancelled after ${row.steps_done} of ${counted(row.steps_total, 'step')}.`;
    default:
      return `Started because: ${why}. ${row.steps_done} of ${counted(row.steps_total, 'step')} finished.`;
  }
}

type Definition = {
  steps?: Record<string, { run?: string; uses?: string; in?: string[] }>;
};

function stepOf(
  step: StepRunRow,
  definition: Definition,
  attempts: readonly AttemptRow[],
  artifacts: readonly StepArtifactRow[],
): StepView {
  const written = definition.steps?.[step.step];
  const names = new Set(Object.keys(definition.steps ?? {}));
  const needs = [
    ...new Set(
      (written?.in ?? [])
        .map((input) => input.split('.')[0] ?? '')
        .filter((name) => names.has(name)),
    ),
  ];
  const outputs = jsonColumn<Record<string, { kind: string; digest: string; sizeBytes?: number }>>(
    step.outputs,
    {},
  );
  return {
    name: step.step,
    state: step.state,
    command: written?.run ?? (written?.uses === undefined ? '' : `built-in: ${written.uses}`),
    needs,
    cached: step.state === 'cached',
    cachedFrom: step.cached_from,
    durationMs: step.duration_ms,
    attempts: attempts
      .filter((attempt) => attempt.step_run_id === step.step_run_id)
      .map((attempt) => ({
        number: attempt.number,
        state: attempt.state,
        startedMs: attempt.started_at_ms,
        endedMs: attempt.ended_at_ms,
        durationMs: attempt.duration_ms,
        exitCode: attempt.exit_code,
        signal: attempt.signal,
        executor: attempt.executor,
        reason: attempt.reason,
      })),
    inputs: artifacts
      .filter(
        (artifact) => artifact.step_run_id === step.step_run_id && artifact.direction === 'in',
      )
      .map(({ name, digest, kind }) => ({ name, digest, kind, sizeBytes: null })),
    outputs: Object.entries(outputs).map(([name, output]) => ({
      name,
      digest: output.digest,
      kind: output.kind,
      sizeBytes: output.sizeBytes ?? null,
    })),
  };
}
