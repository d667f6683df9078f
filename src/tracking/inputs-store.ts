import type { Transaction } from '../storage/database/database.ts';
import type { LoggedDataset } from './validate.ts';

/** The dataset's row in an experiment, made when it is new there. */
export async function ensureTrackedDataset(
  tx: Transaction,
  experimentId: string,
  datasetId: string,
  dataset: LoggedDataset,
): Promise<string> {
  await tx
    .insertInto('tracked_datasets')
    .values({
      dataset_id: datasetId,
      experiment_id: experimentId,
      name: dataset.name,
      digest: dataset.digest,
      source_type: dataset.sourceType,
      source: dataset.source,
      schema: dataset.schema,
      profile: dataset.profile,
    })
    .onConflict((conflict) => conflict.columns(['experiment_id', 'name', 'digest']).doNothing())
    .execute();
  const row = await tx
    .selectFrom('tracked_datasets')
    .select('dataset_id')
    .where('experiment_id', '=', experimentId)
    .where('name', '=', dataset.name)
    .where('digest', '=', dataset.digest)
    .executeTakeFirstOrThrow();
  return row.dataset_id;
}

/** Makes a dataset an input of a run; one that is an input already stays as it is, with its tags. */
export async function insertRunInput(
  tx: Transaction,
  input: {
    runId: string;
    datasetId: string;
    position: number;
    tags: readonly { key: string; value: string }[];
  },
): Promise<void> {
  const made = await tx
    .insertInto('run_inputs')
    .values({ run_id: input.runId, dataset_id: input.datasetId, position: input.position })
    .onConflict((conflict) => conflict.columns(['run_id', 'dataset_id']).doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows === 0n) return;
  const tags = new Map(input.tags.map(({ key, value }) => [key, value]));
  for (const [key, value] of tags) {
    await tx
      .insertInto('run_input_tags')
      .values({ run_id: input.runId, dataset_id: input.datasetId, key, value })
      .onConflict((conflict) => conflict.columns(['run_id', 'dataset_id', 'key']).doNothing())
      .execute();
  }
}

export async function countRunInputs(tx: Transaction, runId: string): Promise<number> {
  const row = await tx
    .selectFrom('run_inputs')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function insertRunModels(
  tx: Transaction,
  runId: string,
  direction: 'in' | 'out',
  models: readonly { modelId: string; step: number }[],
): Promise<void> {
  for (const { modelId, step } of models) {
    await tx
      .insertInto('run_models')
      .values({ run_id: runId, direction, model_id: modelId, step })
      .onConflict((conflict) =>
        conflict.columns(['run_id', 'direction', 'model_id', 'step']).doNothing(),
      )
      .execute();
  }
}
