import { inList } from '../storage/database/in-list.ts';
import type { Database } from '../storage/database/database.ts';
import type { MetricRow, RunRow, TrackedDatasetRow } from '../storage/database/tables/tracking.ts';

export type DatasetInput = {
  dataset: TrackedDatasetRow;
  tags: { key: string; value: string }[];
};

/** A run with all that was logged to it; of each metric the latest value. */
export type RunRecord = {
  info: RunRow;
  params: { key: string; value: string }[];
  tags: { key: string; value: string }[];
  metrics: MetricRow[];
  inputs: DatasetInput[];
  modelInputs: string[];
  modelOutputs: { modelId: string; step: number }[];
};

const NONE: never[] = [];

/** All that was logged to some runs, in their order: a fixed number of queries for any number of runs. */
export async function loadRecords(
  db: Database,
  rows: readonly RunRow[],
  options: { modelInputs: boolean },
): Promise<RunRecord[]> {
  const ids = rows.map((row) => row.run_id);
  const among = inList(db, ids);
  const [params, tags, metrics, inputs, models] = [
    await db.selectFrom('run_params').selectAll().where('run_id', 'in', among).execute(),
    await db.selectFrom('run_tags').selectAll().where('run_id', 'in', among).execute(),
    await db.selectFrom('latest_metrics').selectAll().where('run_id', 'in', among).execute(),
    await loadInputs(db, ids),
    await db
      .selectFrom('run_models')
      .selectAll()
      .where('run_id', 'in', among)
      .orderBy('run_id')
      .orderBy('step')
      .orderBy('model_id')
      .execute(),
  ];
  const paramsOf = group(params);
  const tagsOf = group(tags);
  const metricsOf = group(metrics);
  const modelsOf = group(models);
  return rows.map((info) => ({
    info,
    params: paramsOf.get(info.run_id) ?? NONE,
    tags: tagsOf.get(info.run_id) ?? NONE,
    metrics: metricsOf.get(info.run_id) ?? NONE,
    inputs: inputs.get(info.run_id) ?? NONE,
    modelInputs: options.modelInputs
      ? (modelsOf.get(info.run_id) ?? NONE)
          .filter((model) => model.direction === 'in')
          .map((model) => model.model_id)
      : NONE,
    modelOutputs: (modelsOf.get(info.run_id) ?? NONE)
      .filter((model) => model.direction === 'out')
      .map((model) => ({ modelId: model.model_id, step: model.step })),
  }));
}

function group<T extends { run_id: string }>(rows: readonly T[]): Map<string, T[]> {
  return Map.groupBy(rows, (row) => row.run_id);
}

async function loadInputs(
  db: Database,
  runIds: readonly string[],
): Promise<Map<string, DatasetInput[]>> {
  const inputs = await db
    .selectFrom('run_inputs')
    .innerJoin('tracked_datasets', 'tracked_datasets.dataset_id', 'run_inputs.dataset_id')
    .selectAll('tracked_datasets')
    .select('run_inputs.run_id')
    .where('run_inputs.run_id', 'in', inList(db, runIds))
    .orderBy('run_inputs.run_id')
    .orderBy('run_inputs.position')
    .orderBy('run_inputs.dataset_id')
    .execute();
  const found = new Map<string, DatasetInput[]>();
  if (inputs.length === 0) return found;
  const tags = await db
    .selectFrom('run_input_tags')
    .selectAll()
    .where('run_id', 'in', inList(db, [...new Set(inputs.map((row) => row.run_id))]))
    .orderBy('key')
    .execute();
  const tagsOf = Map.groupBy(tags, (tag) => `${tag.run_id} ${tag.dataset_id}`);
  for (const { run_id, ...dataset } of inputs) {
    const list = found.get(run_id) ?? [];
    found.set(run_id, list);
    list.push({ dataset, tags: tagsOf.get(`${run_id} ${dataset.dataset_id}`) ?? NONE });
  }
  return found;
}
