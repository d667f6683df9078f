import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import { produced as producedSchema } from '../../contract/produced.ts';
import { scanSource } from '../../datasets/actions/scan-source.ts';
import { startRun } from '../../runs/actions/start-run.ts';
import { attemptsOfRun, findRun, resultOfRow, stepsOfRun } from '../../runs/run-store.ts';
import { waitForRun } from '../../runs/work.ts';
import type { SliceRun } from '../check-result.ts';
import { TESTS_PIPELINE, type Scratch } from '../scratch.ts';
import type { DatasetSlice } from './write-slice.ts';

const LOG_CHARACTERS = 6000;

/** The project's own tests and every pipeline of the commit, side by side, each to its end. */
export async function runSlice(
  scratch: Scratch,
  slices: readonly DatasetSlice[],
): Promise<{ tests: SliceRun | null; runs: SliceRun[] }> {
  for (const { dataset, rows } of slices) if (rows > 0) await scanSource(scratch.ctx, { dataset });
  const hasTests = scratch.ctx.project.definition().pipelines[TESTS_PIPELINE] !== undefined;
  const [tests, ...runs] = await Promise.all([
    hasTests ? runOne(scratch, TESTS_PIPELINE) : null,
    ...Object.keys(scratch.definition.pipelines).map((pipeline) => {
      const empty = missingData(scratch, pipeline, slices);
      return empty === null ? runOne(scratch, pipeline) : skippedRun(pipeline, empty);
    }),
  ]);
  return { tests, runs };
}

/** The first dataset without data that a pipeline reads. */
function missingData(
  scratch: Scratch,
  pipeline: string,
  slices: readonly DatasetSlice[],
): string | null {
  const { features, pipelines } = scratch.definition;
  const inputs = Object.values(pipelines[pipeline]?.steps ?? {}).flatMap((step) => step.in);
  const read = new Set(inputs.map((input) => features[input]?.from ?? input));
  return slices.find((slice) => slice.rows === 0 && read.has(slice.dataset))?.dataset ?? null;
}

function skippedRun(pipeline: string, dataset: string): SliceRun {
  return {
    ...nothing(pipeline),
    isSkipped: true,
    reason: `The dataset ${dataset} has no data yet to run ${pipeline} on.`,
  };
}

function nothing(pipeline: string): SliceRun {
  return {
    pipeline,
    outcome: null,
    isSkipped: false,
    reason: null,
    runId: null,
    steps: {},
    produced: null,
    log: null,
  };
}

async function runOne({ ctx }: Scratch, pipeline: string): Promise<SliceRun> {
  let runId: string;
  try {
    const cause = { kind: 'push', text: 'checks of a commit' } as const;
    ({ runId } = await startRun(ctx, { pipeline, cause }));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...nothing(pipeline), reason: error.message };
  }
  const outcome = await waitForRun(ctx, runId);
  const steps = await stepsOfRun(ctx.db, runId);
  const row = await findRun(ctx.db, runId);
  const parsed =
    row?.produced === null || row?.produced === undefined
      ? null
      : producedSchema.parse(JSON.parse(row.produced));
  return {
    ...nothing(pipeline),
    outcome,
    runId,
    steps: Object.fromEntries(
      steps.filter((step) => step.outputs !== null).map((step) => [step.step, resultOfRow(step)]),
    ),
    produced: parsed,
    log: await endOfLog({ ctx }, runId, outcome.failedStep ?? steps.at(-1)?.step ?? ''),
  };
}

/** The last lines a step printed. */
async function endOfLog(
  { ctx }: Pick<Scratch, 'ctx'>,
  runId: string,
  step: string,
): Promise<string | null> {
  const attempt = (await attemptsOfRun(ctx.db, runId)).findLast((row) => row.step === step);
  if (!attempt) return null;
  const text = await readFile(join(ctx.paths.logs, attempt.log_path), 'utf8').catch(() => '');
  return text === '' ? null : text.slice(-LOG_CHARACTERS);
}
