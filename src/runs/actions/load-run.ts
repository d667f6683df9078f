import type { Cause } from '../../contract/cause.ts';
import type { Context } from '../../context.ts';
import { planPipeline } from '../../pipelines/plan-pipeline.ts';
import type { PipelineRunRow } from '../../storage/database/tables/runs.ts';
import { findTrackedRun } from '../../tracking/tracking-store.ts';
import type { ActiveRun, Parameters, RunPins } from '../run.ts';
import { definitionOfRow, resultOfRow, stateOfRows, stepsOfRun } from '../run-store.ts';

/** Folds the rows of an unfinished run into what the engine works on. */
export async function loadRun(
  ctx: Pick<Context, 'db' | 'clocks' | 'project'>,
  row: PipelineRunRow,
): Promise<ActiveRun> {
  const steps = await stepsOfRun(ctx.db, row.run_id);
  const tracked = await findTrackedRun(ctx.db, row.run_id);
  const { sources, ...definition } = definitionOfRow(row) as ReturnType<typeof definitionOfRow> & {
    sources: { datasets: string[]; views: string[] };
  };
  const failed = steps.find((step) => step.state === 'failed');
  return {
    runId: row.run_id,
    pipeline: row.pipeline,
    experimentId: tracked?.experiment_id ?? '0',
    definition,
    plan: planPipeline(row.pipeline, definition, {
      datasets: new Set(sources.datasets),
      views: new Set(sources.views),
    }),
    parameters: JSON.parse(row.parameters) as Parameters,
    cause: JSON.parse(row.cause) as Cause,
    startedAtMs: row.started_at_ms,
    pins: row.pins === null ? null : (JSON.parse(row.pins) as RunPins),
    // A folder that cannot be read now stops no step that is pinned already.
    workingTree: row.working_tree === 1 ? await ctx.project.workingTree().catch(() => null) : null,
    state: stateOfRows(row, steps),
    stepRunIds: Object.fromEntries(steps.map((step) => [step.step, step.step_run_id])),
    results: Object.fromEntries(
      steps
        .filter((step) => step.state === 'succeeded' || step.state === 'cached')
        .map((step) => [step.step, resultOfRow(step)]),
    ),
    startedMonotonicMs: ctx.clocks.monotonic.nowMs(),
    ending: failed
      ? { step: failed.step, code: failed.code ?? 'STEP_FAILED', reason: failed.reason ?? '' }
      : null,
    stale: false,
    turn: Promise.resolve(),
  };
}
