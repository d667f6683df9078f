import type { PipelineDefinition } from '../config/project-file/project-definition.ts';
import type { KeyPart } from '../pipelines/cache-key.ts';
import { isTerminal, type RunState, type StepStatus } from '../pipelines/run-machine.ts';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type {
  AttemptRow,
  PipelineRunRow,
  StepCacheRow,
  StepRunRow,
} from '../storage/database/tables/runs.ts';
import type { RunPins, StepResult } from './run.ts';

export async function insertPipelineRun(
  tx: Transaction,
  run: Pick<
    PipelineRunRow,
    | 'run_id'
    | 'pipeline'
    | 'cause_kind'
    | 'cause'
    | 'parameters'
    | 'start_key'
    | 'definition'
    | 'started_at_ms'
    | 'commit_sha'
    | 'bundle'
    | 'working_tree'
  >,
  steps: readonly { stepRunId: string; step: string }[],
): Promise<void> {
  await tx
    .insertInto('pipeline_runs')
    .values({
      ...run,
      state: 'queued',
      pins: null,
      ended_at_ms: null,
      duration_ms: null,
      steps_total: steps.length,
      steps_done: 0,
      failed_step: null,
      reason: null,
      code: null,
      produced: null,
    })
    .execute();
  const rows = steps.map(({ stepRunId, step }, position): StepRunRow => ({
    step_run_id: stepRunId,
    run_id: run.run_id,
    step,
    position,
    state: 'waiting',
    attempt: 0,
    failures: 0,
    losses: 0,
    token: null,
    cache_key: null,
    cache_parts: null,
    cached_from: null,
    outputs: null,
    details: null,
    metrics: null,
    reason: null,
    code: null,
    started_at_ms: null,
    ended_at_ms: null,
    duration_ms: null,
  }));
  // 21 columns a row: 200 rows stay below the engines' limits on parameters.
  for (let i = 0; i < rows.length; i += 200)
    await tx
      .insertInto('step_runs')
      .values(rows.slice(i, i + 200))
      .execute();
}

export async function findRun(
  db: ReadDatabase,
  runId: string,
): Promise<PipelineRunRow | undefined> {
  return db.selectFrom('pipeline_runs').selectAll().where('run_id', '=', runId).executeTakeFirst();
}

export async function findRunByStartKey(
  db: ReadDatabase,
  key: string,
): Promise<PipelineRunRow | undefined> {
  return db.selectFrom('pipeline_runs').selectAll().where('start_key', '=', key).executeTakeFirst();
}

/** Runs that are not finished, oldest first. */
export async function unfinishedRuns(db: ReadDatabase): Promise<PipelineRunRow[]> {
  return db
    .selectFrom('pipeline_runs')
    .selectAll()
    .where('state', 'in', ['queued', 'running'])
    .orderBy('run_id')
    .execute();
}

export async function stepsOfRun(db: ReadDatabase, runId: string): Promise<StepRunRow[]> {
  return db
    .selectFrom('step_runs')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('position')
    .execute();
}

export async function attemptsOfRun(db: ReadDatabase, runId: string): Promise<AttemptRow[]> {
  return db
    .selectFrom('attempts')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('attempt_id')
    .execute();
}

/** Runs, newest first, before a run id. */
export async function listRunRows(
  db: ReadDatabase,
  query: {
    pipeline?: string | undefined;
    state?: string | undefined;
    before?: string | undefined;
    limit: number;
  },
): Promise<PipelineRunRow[]> {
  let select = db
    .selectFrom('pipeline_runs')
    .selectAll()
    .orderBy('run_id', 'desc')
    .limit(query.limit);
  if (query.pipeline !== undefined) select = select.where('pipeline', '=', query.pipeline);
  if (query.state !== undefined) select = select.where('state', '=', query.state);
  if (query.before !== undefined) select = select.where('run_id', '<', query.before);
  return select.execute();
}

export async function pinRun(tx: Transaction, runId: string, pins: RunPins): Promise<boolean> {
  const result = await tx
    .updateTable('pipeline_runs')
    .set({ state: 'running', pins: JSON.stringify(pins) })
    .where('run_id', '=', runId)
    .where('state', '=', 'queued')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Ends a run once: false when somebody has ended it before. */
export async function endRun(
  tx: Transaction,
  runId: string,
  change: Pick<
    PipelineRunRow,
    'state' | 'ended_at_ms' | 'duration_ms' | 'failed_step' | 'reason' | 'code' | 'produced'
  >,
): Promise<boolean> {
  const result = await tx
    .updateTable('pipeline_runs')
    .set(change)
    .where('run_id', '=', runId)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Moves a step on, if it still is where the caller believes it to be: in one of `from`, with this token. False when not;
 * then nothing was changed and the caller has lost its right to.
 */
export async function moveStep(
  tx: Transaction,
  stepRunId: string,
  move: {
    from: readonly StepStatus[];
    token: string | null;
    to: StepStatus;
    change?: Partial<StepRunRow>;
  },
): Promise<boolean> {
  const update = tx
    .updateTable('step_runs')
    .set({ ...move.change, state: move.to })
    .where('step_run_id', '=', stepRunId)
    .where('state', 'in', [...move.from]);
  const result = await (
    move.token === null ? update.where('token', 'is', null) : update.where('token', '=', move.token)
  ).executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function countStepDone(tx: Transaction, runId: string): Promise<void> {
  await tx
    .updateTable('pipeline_runs')
    .set((eb) => ({ steps_done: eb('steps_done', '+', 1) }))
    .where('run_id', '=', runId)
    .execute();
}

/** Closes every step of a run that is still open. */
export async function closeOpenSteps(
  tx: Transaction,
  runId: string,
  change: { to: 'skipped' | 'cancelled'; from: readonly StepStatus[]; endedAtMs: number },
): Promise<void> {
  await tx
    .updateTable('step_runs')
    .set({ state: change.to, token: null, ended_at_ms: change.endedAtMs })
    .where('run_id', '=', runId)
    .where('state', 'in', [...change.from])
    .execute();
}

export async function insertAttempt(tx: Transaction, row: AttemptRow): Promise<void> {
  await tx.insertInto('attempts').values(row).execute();
}

/** Ends an attempt once. */
export async function endAttempt(
  tx: Transaction,
  token: string,
  change: Pick<
    AttemptRow,
    'state' | 'ended_at_ms' | 'duration_ms' | 'exit_code' | 'signal' | 'reason' | 'code'
  >,
): Promise<void> {
  await tx
    .updateTable('attempts')
    .set(change)
    .where('token', '=', token)
    .where('state', '=', 'running')
    .execute();
}

export async function endAttemptsOfRun(
  tx: Transaction,
  runId: string,
  change: Pick<AttemptRow, 'state' | 'ended_at_ms' | 'reason' | 'code'>,
): Promise<void> {
  await tx
    .updateTable('attempts')
    .set(change)
    .where('run_id', '=', runId)
    .where('state', '=', 'running')
    .execute();
}

/** Renews the leases of running attempts; gives the tokens that still had one. */
export async function renewLeases(
  tx: Transaction,
  tokens: readonly string[],
  lease: { holder: string; untilMs: number; clockId: string },
): Promise<string[]> {
  const live = await tx
    .selectFrom('attempts')
    .innerJoin('step_runs', 'step_runs.step_run_id', 'attempts.step_run_id')
    .select('attempts.token')
    .where('attempts.token', 'in', [...tokens])
    .where('attempts.state', '=', 'running')
    .whereRef('step_runs.token', '=', 'attempts.token')
    .execute();
  const kept = live.map((row) => row.token);
  if (kept.length > 0) {
    await tx
      .updateTable('attempts')
      .set({ lease_until_ms: lease.untilMs, clock_id: lease.clockId, holder: lease.holder })
      .where('token', 'in', kept)
      .execute();
  }
  return kept;
}

export async function findAttempt(
  db: ReadDatabase,
  query: { runId: string; step: string; number: number | null },
): Promise<AttemptRow | undefined> {
  const select = db
    .selectFrom('attempts')
    .selectAll()
    .where('run_id', '=', query.runId)
    .where('step', '=', query.step)
    .orderBy('number', 'desc')
    .limit(1);
  return (
    query.number === null ? select : select.where('number', '=', query.number)
  ).executeTakeFirst();
}

export async function findCached(
  db: ReadDatabase,
  cacheKey: string,
): Promise<StepCacheRow | undefined> {
  return db
    .selectFrom('step_cache')
    .selectAll()
    .where('cache_key', '=', cacheKey)
    .executeTakeFirst();
}

export async function putCached(tx: Transaction, row: StepCacheRow): Promise<void> {
  await tx
    .insertInto('step_cache')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('cache_key').doUpdateSet({
        step_run_id: row.step_run_id,
        run_id: row.run_id,
        outputs: row.outputs,
        details: row.details,
        metrics: row.metrics,
        created_at_ms: row.created_at_ms,
      }),
    )
    .execute();
}

/** The parts of the key of the same step's last finished run of the pipeline, to say why there was no hit. */
export async function lastKeyParts(
  db: ReadDatabase,
  query: { pipeline: string; step: string; before: string },
): Promise<KeyPart[] | null> {
  const row = await db
    .selectFrom('pipeline_runs')
    .innerJoin('step_runs', 'step_runs.run_id', 'pipeline_runs.run_id')
    .select('step_runs.cache_parts')
    .where('pipeline_runs.pipeline', '=', query.pipeline)
    .where('pipeline_runs.run_id', '<', query.before)
    .where('step_runs.step', '=', query.step)
    .where('step_runs.cache_parts', 'is not', null)
    .orderBy('pipeline_runs.run_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.cache_parts ? (JSON.parse(row.cache_parts) as KeyPart[]) : null;
}

export async function insertLineage(
  tx: Transaction,
  rows: readonly {
    step_run_id: string;
    run_id: string;
    direction: string;
    kind: string;
    name: string;
    digest: string;
  }[],
): Promise<void> {
  for (let i = 0; i < rows.length; i += 500) {
    await tx
      .insertInto('step_artifacts')
      .values(rows.slice(i, i + 500))
      .onConflict((conflict) =>
        conflict.columns(['step_run_id', 'direction', 'name']).doUpdateSet((eb) => ({
          digest: eb.ref('excluded.digest'),
          kind: eb.ref('excluded.kind'),
        })),
      )
      .execute();
  }
}

/** The fold of the rows: what the state machine goes on from after a restart. */
export function stateOfRows(run: PipelineRunRow, steps: readonly StepRunRow[]): RunState {
  return {
    status: run.state as RunState['status'],
    failedStep: steps.find((row) => row.state === 'failed')?.step ?? null,
    steps: Object.fromEntries(
      steps.map((row) => [
        row.step,
        {
          status: row.state as StepStatus,
          attempt: row.attempt,
          failures: row.failures,
          losses: row.losses,
          token: row.token,
          // A pause before a retry does not outlive the server.
          retryAtMs: row.state === 'retrying' ? 0 : null,
        },
      ]),
    ),
  };
}

export function resultOfRow(row: Pick<StepRunRow, 'outputs' | 'details' | 'metrics'>): StepResult {
  return {
    outputs: JSON.parse(row.outputs ?? '{}') as StepResult['outputs'],
    details: JSON.parse(row.details ?? 'null') as StepResult['details'],
    metrics: JSON.parse(row.metrics ?? '{}') as StepResult['metrics'],
  };
}

export function definitionOfRow(row: PipelineRunRow): PipelineDefinition {
  return JSON.parse(row.definition) as PipelineDefinition;
}

export function isFinished(row: PipelineRunRow): boolean {
  return isTerminal(row.state as RunState['status']);
}
