import { randomUUID } from 'node:crypto';
import type { Context } from '../../context.ts';
import type { RunRow } from '../../storage/database/tables/tracking.ts';
import type { Transaction } from '../../storage/database/database.ts';
import {
  countRunInputs,
  ensureTrackedDataset,
  insertRunInput,
  insertRunModels,
} from '../inputs-store.ts';
import { findTrackedRun } from '../tracking-store.ts';
import { checkDataset, checkRunId, notFound, type LoggedDataset } from '../validate.ts';
import { checkRunActive } from './change-client-run.ts';

/** Says which datasets and logged models a run read. The same again changes nothing. */
export async function logInputs(
  ctx: Pick<Context, 'db'>,
  runId: string,
  inputs: { datasets: readonly LoggedDataset[]; models: readonly string[] },
): Promise<void> {
  checkRunId(runId);
  for (const dataset of inputs.datasets) checkDataset(dataset);
  await ctx.db.transaction().execute(async (tx) => {
    const run = await activeRun(tx, runId);
    let position = await countRunInputs(tx, runId);
    for (const dataset of inputs.datasets) {
      const made = randomUUID().replaceAll('-', '');
      const datasetId = await ensureTrackedDataset(tx, run.experiment_id, made, dataset);
      await insertRunInput(tx, { runId, datasetId, position, tags: dataset.tags });
      position += 1;
    }
    const models = inputs.models.map((modelId) => ({ modelId, step: 0 }));
    await insertRunModels(tx, runId, 'in', models);
  });
}

/** Says which logged models a run made, at which steps. */
export async function logOutputs(
  ctx: Pick<Context, 'db'>,
  runId: string,
  models: readonly { modelId: string; step: number }[],
): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    await activeRun(tx, runId);
    await insertRunModels(tx, runId, 'out', models);
  });
}

async function activeRun(tx: Transaction, runId: string): Promise<RunRow> {
  const run = await findTrackedRun(tx, runId);
  if (!run) throw notFound(`Run with id=${runId} not found`);
  checkRunActive(run);
  return run;
}
