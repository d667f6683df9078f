import type { z } from 'zod';
import { AppError } from '../../base/app-error.ts';
import type { Json } from '../../base/json.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { cause as causeSchema } from '../../contract/cause.ts';
import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import type { Context, Project } from '../../context.ts';
import { readProjectViews } from '../../features/actions/define-views.ts';
import { appendEvent } from '../../events/append-event.ts';
import { planPipeline } from '../../pipelines/plan-pipeline.ts';
import { ensureExperiment, insertTrackedRun } from '../../tracking/tracking-store.ts';
import { engineOf } from '../engine.ts';
import type { Parameters } from '../run.ts';
import { findRunByStartKey, insertPipelineRun } from '../run-store.ts';

export type RunOrder = {
  pipeline: string;
  cause: z.input<typeof causeSchema>;
  /** Override defaults of the pipeline; numbers and booleans may come as text. */
  parameters?: Record<string, string | number | boolean>;
  /** The same key gives the same run, however often it is asked. */
  key?: string;
  actor?: string;
  /** Of the project's folder as it is now, though a commit is deployed: ad hoc, its model may not be promoted. */
  workingTree?: boolean;
};

/**
 * Starts a run of a pipeline as the deployed commit has it (the project's folder, while none is). It is durable when
 * this resolves, and goes on by itself. Throws `PIPELINE_UNKNOWN`, `PIPELINE_CYCLE`, `PIPELINE_INVALID`,
 * `PARAMETER_UNKNOWN`, `PARAMETER_INVALID`, `VIEWS_NOT_DEPLOYED`.
 */
export async function startRun(
  ctx: Pick<Context, 'db' | 'ids' | 'clocks' | 'bus' | 'project'>,
  order: RunOrder,
): Promise<{ runId: string }> {
  const code = ctx.project.code();
  // Without a deployed commit every run is of the working tree, and nothing is ad hoc about it.
  const isAdHoc = order.workingTree === true && code.commit !== null;
  const project = isAdHoc ? await adHocDefinition(ctx.project) : ctx.project.definition();
  const { commit, bundle } = isAdHoc ? { commit: null, bundle: null } : code;
  const definition = project.pipelines[order.pipeline];
  if (!definition) {
    const near = nearestWord(order.pipeline, Object.keys(project.pipelines));
    throw new AppError(
      'PIPELINE_UNKNOWN',
      `There is no pipeline "${order.pipeline}".`,
      didYouMean(near),
    );
  }
  const plan = planPipeline(order.pipeline, definition, {
    datasets: new Set(Object.keys(project.datasets)),
    views: new Set(Object.keys(project.features)),
  });
  const parameters = mergeParameters(order.pipeline, definition.parameters, order.parameters ?? {});
  const cause = causeSchema.parse(order.cause);
  const result = await ctx.db.transaction().execute(async (tx) => {
    const known = order.key === undefined ? undefined : await findRunByStartKey(tx, order.key);
    if (known) return { runId: known.run_id, fresh: false };
    const runId = ctx.ids.next('run');
    const nowMs = ctx.clocks.calendar.nowMs();
    await insertPipelineRun(
      tx,
      {
        run_id: runId,
        pipeline: order.pipeline,
        cause_kind: cause.kind,
        cause: JSON.stringify(cause),
        parameters: JSON.stringify(parameters),
        start_key: order.key ?? null,
        definition: JSON.stringify({ ...definition, sources: sourcesOf(project) }),
        started_at_ms: nowMs,
        commit_sha: commit,
        bundle,
        working_tree: isAdHoc ? 1 : null,
      },
      plan.steps.map((step) => ({ stepRunId: ctx.ids.next('run'), step: step.name })),
    );
    const experiment = await ensureExperiment(tx, order.pipeline, nowMs);
    await insertTrackedRun(tx, {
      runId,
      experimentId: experiment.experiment_id,
      name: order.pipeline,
      parentRunId: null,
      startTimeMs: nowMs,
      tags: {
        'mlflow.source.name': `pipeline ${order.pipeline}`,
        'rondo.pipeline': order.pipeline,
        'rondo.cause': cause.kind,
        'rondo.cause_text': cause.text,
        ...(commit === null ? {} : { 'mlflow.source.git.commit': commit }),
        ...(isAdHoc ? { 'rondo.ad_hoc': 'working tree' } : {}),
      },
      params: Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [name, String(value)]),
      ),
    });
    await appendEvent(ctx, tx, {
      type: 'run.started',
      subject: { kind: 'run', id: runId },
      ...(order.actor === undefined ? {} : { actor: order.actor }),
      data: {
        pipeline: order.pipeline,
        cause: cause as unknown as Json,
        parameters,
        steps: plan.steps.map((step) => step.name),
        ...(commit === null ? {} : { commit, bundle }),
        ...(isAdHoc ? { workingTree: true } : {}),
      },
    });
    return { runId, fresh: true };
  });
  if (result.fresh) engineOf(ctx.db)?.adopt(result.runId);
  return { runId: result.runId };
}

/** Of the working tree; its feature views must be those that are deployed, for whose values a log is kept. */
async function adHocDefinition(project: Project): Promise<ProjectDefinition> {
  const tree = await project.workingTree();
  const datasets = (of: Project): string => JSON.stringify(of.definition().datasets);
  const [written, deployed] = await Promise.all([
    readProjectViews(tree),
    readProjectViews(project),
  ]);
  const known = new Map(deployed.map((view) => [view.name, view.digest]));
  const changed = written.filter((view) => known.get(view.name) !== view.digest);
  if (changed.length > 0 || datasets(tree) !== datasets(project)) {
    const what = changed.map((view) => view.name).join(', ') || 'its datasets';
    throw new AppError(
      'VIEWS_NOT_DEPLOYED',
      `The working tree defines ${what} otherwise than the deployed commit.`,
    );
  }
  return tree.definition();
}

/** Names that `in:` may mean: kept with the run, so that it can be planned again as it was. */
function sourcesOf(project: ReturnType<Context['project']['definition']>): {
  datasets: string[];
  views: string[];
} {
  return { datasets: Object.keys(project.datasets), views: Object.keys(project.features) };
}

function mergeParameters(
  pipeline: string,
  defaults: Parameters,
  given: Parameters,
): Record<string, string | number | boolean> {
  const merged: Record<string, string | number | boolean> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    const usual = defaults[name];
    if (usual === undefined) {
      const near = nearestWord(name, Object.keys(defaults));
      throw new AppError(
        'PARAMETER_UNKNOWN',
        `The pipeline "${pipeline}" has no parameter "${name}".`,
        didYouMean(near),
      );
    }
    merged[name] = asTypeOf(usual, value, `${pipeline}.${name}`);
  }
  return merged;
}

function asTypeOf(
  usual: string | number | boolean,
  value: string | number | boolean,
  name: string,
): string | number | boolean {
  if (typeof value === typeof usual) return value;
  if (typeof usual === 'string') return String(value);
  if (
    typeof usual === 'number' &&
    typeof value === 'string' &&
    value.trim() !== '' &&
    Number.isFinite(Number(value))
  ) {
    return Number(value);
  }
  if (typeof usual === 'boolean' && (value === 'true' || value === 'false'))
    return value === 'true';
  throw new AppError(
    'PARAMETER_INVALID',
    `The parameter ${name} is a ${typeof usual} (by default ${String(usual)}); ${JSON.stringify(value)} is not.`,
  );
}

function didYouMean(near: string | undefined): { help?: string } {
  return near === undefined ? {} : { help: `Did you mean "${near}"?` };
}
