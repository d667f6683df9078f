import {
  deleteTag,
  logBatch,
  logMetric,
  logParam,
  setTag,
} from '../../../tracking/actions/log-to-run.ts';
import { logInputs, logOutputs } from '../../../tracking/actions/log-inputs.ts';
import { recordModel } from '../../../tracking/actions/record-model.ts';
import { parseItem } from '../fields.ts';
import { mlflowRoute, type MlflowRoute } from '../route.ts';
import { readDatasets, readKeyValues, readPoints } from './json.ts';

/** What is logged to a run. */
export const loggingRoutes: readonly MlflowRoute[] = [
  mlflowRoute({
    method: 'POST',
    path: 'runs/log-metric',
    summary: 'Logs one value of a metric; the same again changes nothing',
    fields: {
      run_id: 'string!',
      key: 'string!',
      value: 'double!',
      timestamp: 'int!',
      step: 'int',
      model_id: 'string',
      dataset_name: 'string',
      dataset_digest: 'string',
    },
    handle: ({ ctx, fields }) =>
      logMetric(ctx, fields.run_id, {
        key: fields.key,
        value: fields.value,
        timestampMs: fields.timestamp,
        step: fields.step ?? 0,
        modelId: fields.model_id,
        datasetName: fields.dataset_name,
        datasetDigest: fields.dataset_digest,
      }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/log-parameter',
    summary: 'Logs a parameter, once: a second, other value is refused',
    fields: { run_id: 'string!', key: 'string!', value: 'string' },
    handle: ({ ctx, fields }) =>
      logParam(ctx, fields.run_id, { key: fields.key, value: fields.value ?? '' }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/set-tag',
    summary: 'Sets a tag of a run',
    fields: { run_id: 'string!', key: 'string!', value: 'string' },
    handle: ({ ctx, fields }) =>
      setTag(ctx, fields.run_id, { key: fields.key, value: fields.value ?? '' }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/delete-tag',
    summary: 'Takes a tag from a run',
    fields: { run_id: 'string!', key: 'string!' },
    handle: ({ ctx, fields }) => deleteTag(ctx, fields.run_id, fields.key),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/log-batch',
    summary:
      'Logs metrics, parameters and tags: all of them or none; the same again changes nothing',
    fields: { run_id: 'string!', metrics: 'list', params: 'list', tags: 'list' },
    handle: ({ ctx, fields }) =>
      logBatch(ctx, fields.run_id, {
        metrics: readPoints(fields.metrics),
        params: readKeyValues('params', fields.params),
        tags: readKeyValues('tags', fields.tags),
      }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/log-inputs',
    summary: 'Says which datasets and logged models a run read',
    fields: { run_id: 'string!', datasets: 'list', models: 'list' },
    handle: ({ ctx, fields }) =>
      logInputs(ctx, fields.run_id, {
        datasets: readDatasets(fields.datasets),
        models: (fields.models ?? []).map(
          (item, index) => parseItem(`models[${index}]`, { model_id: 'string!' }, item).model_id,
        ),
      }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/outputs',
    summary: 'Says which logged models a run made',
    fields: { run_id: 'string!', models: 'list!' },
    handle: ({ ctx, fields }) =>
      logOutputs(
        ctx,
        fields.run_id,
        fields.models.map((item, index) => {
          const spec = { model_id: 'string!', step: 'int' } as const;
          const { model_id, step } = parseItem(`models[${index}]`, spec, item);
          return { modelId: model_id, step: step ?? 0 };
        }),
      ),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/log-model',
    summary: 'Notes a model of an older client in the tag mlflow.log-model.history',
    fields: { run_id: 'string!', model_json: 'string!' },
    handle: ({ ctx, fields }) => recordModel(ctx, fields.run_id, fields.model_json),
  }),
];
