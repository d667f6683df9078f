import type { Experiment } from '../../../tracking/experiments-store.ts';
import type { LoggedModel } from '../../../tracking/logged-models-store.ts';
import type { RunRecord } from '../../../tracking/run-records-store.ts';
import type { ArtifactEntry } from '../../../tracking/artifacts-store.ts';
import type { LoggedDataset, KeyValue, Point } from '../../../tracking/validate.ts';
import type { MetricRow, RunRow } from '../../../storage/database/tables/tracking.ts';
import { parseItem } from '../fields.ts';
import { jsonDouble, present } from '../values.ts';

/** Tracking records as MLflow's JSON has them. Empty lists and unset members are left out. */
export function experimentJson(experiment: Experiment): Record<string, unknown> {
  return present({
    experiment_id: experiment.experiment_id,
    name: experiment.name,
    artifact_location: experiment.artifact_location,
    lifecycle_stage: experiment.lifecycle_stage,
    last_update_time: experiment.last_update_time_ms,
    creation_time: experiment.creation_time_ms,
    tags: listOf(experiment.tags),
  });
}

export function runInfoJson(row: RunRow): Record<string, unknown> {
  return {
    run_id: row.run_id,
    run_uuid: row.run_id,
    run_name: row.name,
    experiment_id: row.experiment_id,
    user_id: row.user_id,
    status: row.status,
    start_time: row.start_time_ms,
    ...(row.end_time_ms === null ? {} : { end_time: row.end_time_ms }),
    artifact_uri: row.artifact_uri,
    lifecycle_stage: row.lifecycle_stage,
  };
}

export function runJson(record: RunRecord): Record<string, unknown> {
  return {
    info: runInfoJson(record.info),
    data: present({
      metrics: listOf(record.metrics.map(metricJson)),
      params: listOf(record.params.map(keyValueJson)),
      tags: listOf(record.tags.map(keyValueJson)),
    }),
    inputs: present({
      dataset_inputs: listOf(record.inputs.map(datasetInputJson)),
      model_inputs: listOf(record.modelInputs.map((model_id) => ({ model_id }))),
    }),
    outputs: present({
      model_outputs: listOf(
        record.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })),
      ),
    }),
  };
}

export function metricJson(row: MetricRow): Record<string, unknown> {
  return {
    key: row.key,
    value: row.is_nan === 1 ? 'NaN' : row.value,
    timestamp: row.timestamp_ms,
    step: row.step,
  };
}

/** Metric points as a JSON list; written by hand, since histories are long. */
export function historyJson(points: readonly MetricRow[], withRun = false): string {
  const pieces: string[] = [];
  let key = '';
  let head = '';
  for (const point of points) {
    const of = withRun ? `${point.key}\0${point.run_id}` : point.key;
    if (of !== key || head === '') {
      key = of;
      head = `{"key":${JSON.stringify(point.key)},${withRun ? `"run_id":${JSON.stringify(point.run_id)},` : ''}"value":`;
    }
    const value = point.is_nan === 1 ? '"NaN"' : String(point.value);
    pieces.push(`${head}${value},"timestamp":${point.timestamp_ms},"step":${point.step}}`);
  }
  return `[${pieces.join(',')}]`;
}

function datasetInputJson(input: RunRecord['inputs'][number]): Record<string, unknown> {
  const { dataset } = input;
  return present({
    tags: listOf(input.tags.map(keyValueJson)),
    dataset: present({
      name: dataset.name,
      digest: dataset.digest,
      source_type: dataset.source_type,
      source: dataset.source,
      schema: dataset.schema,
      profile: dataset.profile,
    }),
  });
}

export function loggedModelJson(model: LoggedModel): Record<string, unknown> {
  const { info } = model;
  return {
    info: present({
      model_id: info.model_id,
      experiment_id: info.experiment_id,
      name: info.name,
      creation_timestamp_ms: info.created_at_ms,
      last_updated_timestamp_ms: info.updated_at_ms,
      artifact_uri: info.artifact_location,
      status: info.status,
      model_type: info.model_type ?? '',
      source_run_id: info.source_run_id ?? '',
      status_message: info.status_message,
      tags: listOf(model.tags.map(keyValueJson)),
    }),
    data: present({
      params: listOf(model.params.map(keyValueJson)),
      metrics: listOf(
        model.metrics.map((row) =>
          present({
            key: row.key,
            value: jsonDouble(row.value),
            timestamp: row.timestamp_ms,
            step: row.step,
            dataset_name: row.dataset_name,
            dataset_digest: row.dataset_digest,
            model_id: row.model_id,
            run_id: row.run_id,
          }),
        ),
      ),
    }),
  };
}

export function fileJson(entry: ArtifactEntry): Record<string, unknown> {
  return {
    path: entry.path,
    is_dir: entry.isFolder,
    ...(entry.sizeBytes === null ? {} : { file_size: entry.sizeBytes }),
  };
}

function listOf<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function keyValueJson({ key, value }: KeyValue): KeyValue {
  return { key, value };
}

type Items = readonly Record<string, unknown>[] | undefined;

/** Reads `tags` or `params` of a request; a value that is not there is empty. */
export function readKeyValues(path: string, items: Items): KeyValue[] {
  return (items ?? []).map((item, index) => {
    const { key, value } = parseItem(
      `${path}[${index}]`,
      { key: 'string!', value: 'string' },
      item,
    );
    return { key, value: value ?? '' };
  });
}

const POINT = {
  key: 'string!',
  value: 'double!',
  timestamp: 'int!',
  step: 'int',
  model_id: 'string',
  dataset_name: 'string',
  dataset_digest: 'string',
} as const;

export function readPoints(items: Items): Point[] {
  return (items ?? []).map((item, index) => {
    const fields = parseItem(`metrics[${index}]`, POINT, item);
    return {
      key: fields.key,
      value: fields.value,
      timestampMs: fields.timestamp,
      step: fields.step ?? 0,
      modelId: fields.model_id,
      datasetName: fields.dataset_name,
      datasetDigest: fields.dataset_digest,
    };
  });
}

const DATASET = {
  name: 'string!',
  digest: 'string!',
  source_type: 'string!',
  source: 'string!',
  schema: 'string',
  profile: 'string',
} as const;

export function readDatasets(items: Items): LoggedDataset[] {
  return (items ?? []).map((item, index) => {
    const path = `datasets[${index}]`;
    const input = parseItem(path, { dataset: 'object!', tags: 'list' }, item);
    const dataset = parseItem(`${path}.dataset`, DATASET, input.dataset);
    return {
      name: dataset.name,
      digest: dataset.digest,
      sourceType: dataset.source_type,
      source: dataset.source,
      schema: dataset.schema ?? null,
      profile: dataset.profile ?? null,
      tags: readKeyValues(`${path}.tags`, input.tags),
    };
  });
}
