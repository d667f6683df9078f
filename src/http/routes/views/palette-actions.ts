import type { Context } from '../../../context.ts';
import type { PaletteAction } from '../../../contract/views/frame-view.ts';
import { readTriggers } from '../../../triggers/actions/read-triggers.ts';
import { commitInForce, unfinishedRuns } from '../../../views/palette-view.ts';

type Trigger = Awaited<ReturnType<typeof readTriggers>>[number];

/** Everything a person can order by a name alone: each says what will happen. */
export async function paletteActions(ctx: Context): Promise<PaletteAction[]> {
  const definition = ctx.project.definition();
  const running = await unfinishedRuns(ctx.db);
  return [
    ...Object.keys(definition.pipelines).map(startRunAction),
    ...running.map((run) => cancelAction(run.runId, run.pipeline)),
    ...(await readTriggers(ctx)).flatMap((trigger) => triggerActions(trigger)),
    ...Object.keys(definition.endpoints).map(rollBackAction),
    ...rollBackPipelineActions(await commitInForce(ctx.db)),
    ...Object.keys(definition.datasets).flatMap(datasetActions),
  ];
}

function startRunAction(pipeline: string): PaletteAction {
  return {
    text: `Run ${pipeline}`,
    effect: `A run of ${pipeline} starts now on the newest data, with the parameters of rondo.yaml. What it produces goes through its gates before anything serves.`,
    command: `npx rondo run ${pipeline}`,
    path: '/api/runs',
    body: { pipeline, cause: { kind: 'manual', text: 'asked for at the screens' } },
    typeName: null,
  };
}

function cancelAction(runId: string, pipeline: string): PaletteAction {
  return {
    text: `Cancel run of ${pipeline} ${runId}`,
    effect: `The running step of ${pipeline} is stopped with every process it started; finished steps keep their results. Nothing else changes.`,
    command: `npx rondo cancel ${runId}`,
    path: `/api/runs/${runId}/cancel`,
    body: {},
    typeName: null,
  };
}

function triggerActions({ trigger, pipeline, sentence, enabled }: Trigger): PaletteAction[] {
  return [
    {
      text: `Fire trigger ${trigger}`,
      effect: `${sentence} This starts it by hand: one run of ${pipeline}, unless one is running already; the history then says why not.`,
      command: `npx rondo triggers fire ${trigger}`,
      path: `/api/triggers/${trigger}/fire`,
      body: {},
      typeName: null,
    },
    {
      text: `Switch ${enabled ? 'off' : 'on'} trigger ${trigger}`,
      effect: enabled
        ? `${pipeline} is no longer started by this rule until it is switched on again. Runs in progress go on.`
        : `${pipeline} is started by this rule again, from now on; what passed meanwhile is not made up for.`,
      command: `npx rondo triggers ${enabled ? 'disable' : 'enable'} ${trigger}`,
      path: `/api/triggers/${trigger}/switch`,
      body: { enabled: !enabled },
      typeName: null,
    },
  ];
}

function rollBackAction(endpoint: string): PaletteAction {
  return {
    text: `Roll back ${endpoint}`,
    effect: `The running release of ${endpoint} ends; without one, the champion before the present one serves again. All traffic moves at once; predictions already answered stay recorded.`,
    command: `npx rondo rollback ${endpoint}`,
    path: `/api/endpoints/${endpoint}/rollback`,
    body: {},
    typeName: endpoint,
  };
}

/** Only where another commit was in force before. */
function rollBackPipelineActions(sha: string | undefined): PaletteAction[] {
  if (sha === undefined) return [];
  return [
    {
      text: 'Roll back the pipeline',
      effect: `The code that was in force before commit ${sha.slice(0, 8)} is in force again from the next run on. Runs in progress finish with the code they began with; models that serve go on serving.`,
      command: 'npx rondo commits rollback',
      path: '/api/deployments/rollback',
      body: {},
      typeName: sha.slice(0, 8),
    },
  ];
}

function datasetActions(dataset: string): PaletteAction[] {
  return [
    {
      text: `Look for new files of ${dataset}`,
      effect: `The source of ${dataset} is read now: new and changed files are checked and taken in, or go to quarantine with the reason.`,
      command: `npx rondo data scan ${dataset}`,
      path: `/api/datasets/${dataset}/scan`,
      body: {},
      typeName: null,
    },
    {
      text: `Cut a version of ${dataset}`,
      effect: `The present files of ${dataset} get a version number; unchanged data gives the version there is.`,
      command: `npx rondo data cut ${dataset}`,
      path: `/api/datasets/${dataset}/versions`,
      body: {},
      typeName: null,
    },
  ];
}
