import { join } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import type { Context } from '../../context.ts';
import { registerVersion } from '../../registry/actions/register-version.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import { routeModel } from '../../serving/actions/build-route-table.ts';
import { withScratchGateway, type ScratchGateway } from '../../serving/scratch-gateway.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { finiteAnswers } from '../checks/finite-answers.ts';
import { outputsMade } from '../checks/outputs-made.ts';
import { stepsFit, type ProducedModel } from '../checks/steps-fit.ts';
import { trainingLearns } from '../checks/training-learns.ts';
import { skipped, timed, type CheckResult, type SliceRun } from '../check-result.ts';
import { readModelRows } from '../model-rows.ts';
import { openScratch, type Scratch } from '../scratch.ts';
import { runSlice } from './run-slice.ts';
import { writeSlice } from './write-slice.ts';

type Judged = { run: SliceRun; model: ProducedModel | null };

/** Makes every check of a commit but the bundle's own, in a Rondo of its own on a slice of the data. */
export async function makeChecks(
  ctx: Context,
  of: {
    sha: string;
    bundle: Digest;
    load(dir: string): Promise<ProjectDefinition>;
    signal: AbortSignal;
  },
): Promise<CheckResult[]> {
  const folder = join(ctx.paths.temp, 'commits', of.sha);
  await using scratch = await openScratch(ctx, { ...of, folder });
  const startedAt = performance.now();
  const slices = await writeSlice(ctx, {
    definition: scratch.definition,
    folder: scratch.dataFolder,
    rows: scratch.definition.ci?.slice.rows ?? 2000,
  });
  const { tests, runs } = await untilStopped(of.signal, runSlice(scratch, slices));
  const ranMs = performance.now() - startedAt;
  const made: CheckResult = { kind: 'outputs-made', durationMs: ranMs, ...outputsMade(runs) };
  const checks = [testsCheck(tests), made];
  const ended = runs.filter((run) => run.outcome?.state === 'succeeded');
  if (made.state !== 'passed') {
    const why = 'No pipeline ran to its end on the slice.';
    return [
      ...checks,
      skipped('steps-fit', why),
      skipped('training-learns', why),
      skipped('finite-answers', why),
    ];
  }
  const judged: Judged[] = [];
  for (const run of ended) judged.push({ run, model: await produce(scratch, run) });
  const fit = await timed('steps-fit', () => stepsFit(scratch.ctx, scratch.definition, judged));
  return [...checks, fit, ...(await modelChecks(scratch, judged))];
}

/** Lets go of runs at once when the server stops: closing the scratch project ends them. */
async function untilStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => {
    stopped.reject(new AppError('RUN_CANCELLED', 'The server was stopped.'));
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function testsCheck(tests: SliceRun | null): CheckResult {
  if (!tests)
    return skipped('tests', 'rondo.yaml names no tests ("ci:" "tests:"); the project has none.');
  const isPassed = tests.outcome?.state === 'succeeded';
  const reason = tests.outcome?.reason ?? tests.reason ?? 'they did not end well';
  return {
    kind: 'tests',
    state: isPassed ? 'passed' : 'failed',
    durationMs: null,
    summary: isPassed ? "The project's tests passed." : `The project's tests failed: ${reason}`,
    log: isPassed ? null : tests.log,
  };
}

/** The model of a run, registered in the scratch database alone; null for a pipeline that produces none. */
async function produce({ ctx }: Scratch, run: SliceRun): Promise<ProducedModel | null> {
  if (!run.produced || run.runId === null) return null;
  try {
    const version = await registerVersion(ctx, { runId: run.runId, produced: run.produced });
    return { version };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { fault: error.message };
  }
}

/** What is asked of the models, all of them in one gateway. The first that fails is told. */
async function modelChecks(scratch: Scratch, judged: readonly Judged[]): Promise<CheckResult[]> {
  const models = judged.flatMap(({ run, model }) =>
    model && 'version' in model ? [{ run, version: model.version }] : [],
  );
  const none = (summary: string): CheckResult[] => [
    skipped('training-learns', summary),
    skipped('finite-answers', summary),
  ];
  if (models.length === 0) return none('No pipeline of the commit produced a model.');
  const routed = await Promise.all(models.map(({ version }) => routeModel(scratch.ctx, version)));
  try {
    return await withScratchGateway(scratch.ctx, routed, async (gateway) => {
      const results: CheckResult[] = [];
      for (const model of models) results.push(...(await askModel(scratch, gateway, model)));
      return worstOf(results);
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'GATEWAY_MODEL_UNLOADABLE') throw error;
    return [
      {
        kind: 'training-learns',
        state: 'failed',
        durationMs: null,
        summary: `The model does not load in a gateway: ${error.message}`,
        log: null,
      },
      skipped('finite-answers', 'The model does not load in a gateway.'),
    ];
  }
}

async function askModel(
  { ctx, definition }: Scratch,
  gateway: ScratchGateway,
  { run, version }: { run: SliceRun; version: ModelVersion },
): Promise<CheckResult[]> {
  const train = run.produced?.train ?? null;
  const label = definition.models[version.model]?.label.column ?? 'label';
  const rows = train === null ? null : await readModelRows(ctx, { version, train, label });
  if (!rows) {
    const why =
      train === null
        ? `The pipeline ${run.pipeline} names no training rows ("produces:" "train:").`
        : 'The training rows lack a column of the model.';
    return [skipped('training-learns', why), skipped('finite-answers', why)];
  }
  return [
    await timed('training-learns', () => trainingLearns(gateway, version, rows)),
    await timed('finite-answers', () => finiteAnswers(gateway, version, rows)),
  ];
}

/** One result a kind: the first that failed, else that passed, else the first. */
function worstOf(results: readonly CheckResult[]): CheckResult[] {
  return (['training-learns', 'finite-answers'] as const).flatMap((kind) => {
    const same = results.filter((result) => result.kind === kind);
    const worst =
      same.find((result) => result.state === 'failed') ??
      same.find((result) => result.state === 'passed') ??
      same[0];
    return worst ? [worst] : [];
  });
}
