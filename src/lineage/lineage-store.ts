import type { LineageNode } from '../contract/views/lineage-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { BundleRow, CommitRow } from '../storage/database/tables/commits.ts';
import type { DatasetVersionRow } from '../storage/database/tables/datasets.ts';
import type { ReleaseRow } from '../storage/database/tables/delivery.ts';
import type { AlarmRow } from '../storage/database/tables/monitoring.ts';
import type { ModelVersionRow } from '../storage/database/tables/registry.ts';
import type { PipelineRunRow } from '../storage/database/tables/runs.ts';
import type { PredictionRow } from '../storage/database/tables/serving.ts';
import { splitLast } from './lineage-kind.ts';
import { node } from './nodes.ts';

type FoundDataset = Pick<
  DatasetVersionRow,
  'dataset' | 'number' | 'digest' | 'state' | 'created_at_ms'
>;

/** A commit by its id or by the first characters of it, at least seven. */
export async function findCommit(db: ReadDatabase, id: string): Promise<CommitRow | undefined> {
  const exact = await db.selectFrom('commits').selectAll().where('sha', '=', id).executeTakeFirst();
  if (exact || !/^[0-9a-f]{7,39}$/.test(id)) return exact;
  const alike = await db
    .selectFrom('commits')
    .selectAll()
    .where('sha', '>=', id)
    .where('sha', '<', `${id}g`)
    .limit(2)
    .execute();
  return alike.length === 1 ? alike[0] : undefined;
}

export async function findBundle(db: ReadDatabase, digest: string): Promise<BundleRow | undefined> {
  return db.selectFrom('bundles').selectAll().where('digest', '=', digest).executeTakeFirst();
}

/** A version by `DATASET@NUMBER`. */
export async function findDatasetVersion(
  db: ReadDatabase,
  id: string,
): Promise<FoundDataset | undefined> {
  const [dataset, number] = splitLast(id, '@') ?? [];
  if (dataset === undefined || !/^\d+$/.test(number ?? '')) return undefined;
  return db
    .selectFrom('dataset_versions')
    .select(['dataset', 'number', 'digest', 'state', 'created_at_ms'])
    .where('dataset', '=', dataset)
    .where('number', '=', Number(number))
    .executeTakeFirst();
}

export async function findRun(
  db: ReadDatabase,
  runId: string,
): Promise<PipelineRunRow | undefined> {
  return db.selectFrom('pipeline_runs').selectAll().where('run_id', '=', runId).executeTakeFirst();
}

/** A run that a client of the tracking protocol made, outside any pipeline. */
export async function clientRun(db: ReadDatabase, id: string): Promise<LineageNode | undefined> {
  const run = await db
    .selectFrom('runs')
    .select(['run_id', 'name', 'status', 'start_time_ms'])
    .where('run_id', '=', id)
    .executeTakeFirst();
  return (
    run &&
    node('run', run.run_id, {
      label: run.name,
      state: run.status.toLowerCase(),
      atMs: run.start_time_ms,
      to: null,
    })
  );
}

export async function findVersion(
  db: ReadDatabase,
  named: { model: string; version: string },
): Promise<ModelVersionRow | undefined> {
  return db
    .selectFrom('model_versions')
    .selectAll()
    .where('model', '=', named.model)
    .where('version', '=', named.version)
    .executeTakeFirst();
}

export async function findRelease(db: ReadDatabase, id: string): Promise<ReleaseRow | undefined> {
  return db.selectFrom('releases').selectAll().where('release_id', '=', id).executeTakeFirst();
}

export async function findPrediction(
  db: ReadDatabase,
  id: string,
): Promise<
  | Pick<
      PredictionRow,
      | 'prediction_id'
      | 'endpoint'
      | 'model'
      | 'version'
      | 'release_id'
      | 'error'
      | 'label'
      | 'at_ms'
    >
  | undefined
> {
  return db
    .selectFrom('predictions')
    .select([
      'prediction_id',
      'endpoint',
      'model',
      'version',
      'release_id',
      'error',
      'label',
      'at_ms',
    ])
    .where('prediction_id', '=', id)
    .executeTakeFirst();
}

export async function findAlarm(db: ReadDatabase, id: string): Promise<AlarmRow | undefined> {
  return db.selectFrom('alarms').selectAll().where('alarm_id', '=', id).executeTakeFirst();
}
