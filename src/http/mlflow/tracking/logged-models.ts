import { listFilesOf, openFileOf } from '../../../tracking/actions/artifacts.ts';
import { changeLoggedModel } from '../../../tracking/actions/change-logged-model.ts';
import { createLoggedModel } from '../../../tracking/actions/create-logged-model.ts';
import {
  readLoggedModel,
  searchLoggedModels,
} from '../../../tracking/actions/read-logged-models.ts';
import { parseItem } from '../fields.ts';
import { mlflowRoute, type MlflowRoute } from '../route.ts';
import { present } from '../values.ts';
import { sendFile } from './artifacts.ts';
import { fileJson, loggedModelJson, readKeyValues } from './json.ts';

const ORDER = {
  field_name: 'string!',
  ascending: 'bool',
  dataset_name: 'string',
  dataset_digest: 'string',
} as const;

/** Logged models of MLflow 3. */
export const loggedModelRoutes: readonly MlflowRoute[] = [
  mlflowRoute({
    method: 'POST',
    path: 'logged-models',
    summary: 'Makes a logged model; its files come afterwards',
    fields: {
      experiment_id: 'string!',
      name: 'string',
      model_type: 'string',
      source_run_id: 'string',
      params: 'list',
      tags: 'list',
    },
    handle: async ({ ctx, fields }) => ({
      model: loggedModelJson(
        await createLoggedModel(ctx, {
          experimentId: fields.experiment_id,
          name: fields.name || undefined,
          modelType: fields.model_type,
          sourceRunId: fields.source_run_id,
          params: readKeyValues('params', fields.params),
          tags: readKeyValues('tags', fields.tags),
        }),
      ),
    }),
  }),
  mlflowRoute({
    method: 'GET',
    path: 'logged-models/:modelId',
    summary: 'A logged model with its parameters, tags and metrics',
    fields: { allow_deleted: 'bool' },
    handle: async ({ ctx, fields, params }) => ({
      model: loggedModelJson(
        await readLoggedModel(ctx, params.modelId ?? '', {
          deletedToo: fields.allow_deleted ?? false,
        }),
      ),
    }),
  }),
  mlflowRoute({
    method: 'PATCH',
    path: 'logged-models/:modelId',
    summary: 'Says that all files of a logged model are there, or that they could not be uploaded',
    fields: { status: 'enum!' },
    handle: async ({ ctx, fields, params }) => ({
      model: loggedModelJson(
        await changeLoggedModel(ctx, params.modelId ?? '', {
          kind: 'finalize',
          status: fields.status,
        }),
      ),
    }),
  }),
  mlflowRoute({
    method: 'DELETE',
    path: 'logged-models/:modelId',
    summary: 'Marks a logged model as deleted',
    fields: {},
    async handle({ ctx, params }) {
      await changeLoggedModel(ctx, params.modelId ?? '', { kind: 'delete' });
    },
  }),
  mlflowRoute({
    method: 'PATCH',
    path: 'logged-models/:modelId/tags',
    summary: 'Sets tags of a logged model',
    fields: { tags: 'list' },
    handle: async ({ ctx, fields, params }) => ({
      model: loggedModelJson(
        await changeLoggedModel(ctx, params.modelId ?? '', {
          kind: 'tags',
          tags: readKeyValues('tags', fields.tags),
        }),
      ),
    }),
  }),
  mlflowRoute({
    method: 'DELETE',
    path: 'logged-models/:modelId/tags/*',
    summary: 'Takes a tag from a logged model',
    fields: {},
    async handle({ ctx, params }) {
      const key = params['*'] ?? '';
      await changeLoggedModel(ctx, params.modelId ?? '', { kind: 'delete-tag', key });
    },
  }),
  mlflowRoute({
    method: 'POST',
    path: 'logged-models/:modelId/params',
    summary: 'Adds parameters to a logged model',
    fields: { params: 'list' },
    async handle({ ctx, fields, params }) {
      const added = readKeyValues('params', fields.params);
      await changeLoggedModel(ctx, params.modelId ?? '', { kind: 'params', params: added });
    },
  }),
  mlflowRoute({
    method: 'POST',
    path: 'logged-models/search',
    summary: 'Logged models that meet a filter, in order',
    fields: {
      experiment_ids: 'strings!',
      filter: 'string',
      datasets: 'list',
      max_results: 'int',
      order_by: 'list',
      page_token: 'string',
    },
    async handle({ ctx, fields }) {
      const datasetSpec = { dataset_name: 'string', dataset_digest: 'string' } as const;
      const { models, next } = await searchLoggedModels(ctx, {
        experimentIds: fields.experiment_ids,
        filter: fields.filter,
        datasets: (fields.datasets ?? []).map((item, index) => {
          const dataset = parseItem(`datasets[${index}]`, datasetSpec, item);
          return { name: dataset.dataset_name ?? '', digest: dataset.dataset_digest || null };
        }),
        order: (fields.order_by ?? []).map((item, index) => {
          const order = parseItem(`order_by[${index}]`, ORDER, item);
          return {
            fieldName: order.field_name,
            ascending: order.ascending ?? true,
            datasetName: order.dataset_name || null,
            datasetDigest: order.dataset_digest || null,
          };
        }),
        maxResults: fields.max_results,
        pageToken: fields.page_token,
      });
      return present({
        models: models.length === 0 ? undefined : models.map(loggedModelJson),
        next_page_token: next,
      });
    },
  }),
  mlflowRoute({
    method: 'GET',
    path: 'logged-models/:modelId/artifacts/directories',
    summary: 'What lies in a folder of a logged model',
    fields: { artifact_directory_path: 'string' },
    async handle({ ctx, fields, params }) {
      const { info } = await readLoggedModel(ctx, params.modelId ?? '');
      const files = await listFilesOf(ctx, info.model_id, fields.artifact_directory_path ?? '');
      return present({
        root_uri: info.artifact_location,
        files: files.length === 0 ? undefined : files.map(fileJson),
      });
    },
  }),
  mlflowRoute({
    method: 'GET',
    path: 'logged-models/:modelId/artifacts/files',
    ajaxOnly: true,
    summary: 'A file of a logged model',
    fields: { artifact_file_path: 'string!' },
    async handle({ ctx, fields, params, reply }) {
      const { info } = await readLoggedModel(ctx, params.modelId ?? '');
      return sendFile(reply, await openFileOf(ctx, info.model_id, fields.artifact_file_path));
    },
  }),
];
