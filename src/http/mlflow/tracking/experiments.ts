import { changeExperiment } from '../../../tracking/actions/change-experiment.ts';
import { createExperiment } from '../../../tracking/actions/create-experiment.ts';
import { readExperiment, searchExperiments } from '../../../tracking/actions/read-experiments.ts';
import { searchDatasets } from '../../../tracking/actions/search-datasets.ts';
import { mlflowRoute, type MlflowCall, type MlflowRoute } from '../route.ts';
import { present } from '../values.ts';
import { experimentJson, readKeyValues } from './json.ts';

const SEARCH = {
  view_type: 'enum',
  max_results: 'int',
  order_by: 'strings',
  filter: 'string',
  page_token: 'string',
} as const;

async function search({ ctx, fields }: MlflowCall<typeof SEARCH>): Promise<unknown> {
  const { experiments, next } = await searchExperiments(ctx, {
    filter: fields.filter,
    order: fields.order_by,
    view: fields.view_type,
    maxResults: fields.max_results,
    pageToken: fields.page_token,
  });
  return present({
    experiments: experiments.length === 0 ? undefined : experiments.map(experimentJson),
    next_page_token: next,
  });
}

/** Experiments. */
export const experimentRoutes: readonly MlflowRoute[] = [
  mlflowRoute({
    method: 'POST',
    path: 'experiments/create',
    summary: 'Makes an experiment',
    fields: { name: 'string!', artifact_location: 'string', tags: 'list' },
    async handle({ ctx, fields }) {
      const experiment_id = await createExperiment(ctx, {
        name: fields.name,
        artifactLocation: fields.artifact_location,
        tags: readKeyValues('tags', fields.tags),
      });
      return { experiment_id };
    },
  }),
  mlflowRoute({
    method: 'GET',
    path: 'experiments/get',
    summary: 'An experiment by id',
    fields: { experiment_id: 'string!' },
    handle: async ({ ctx, fields }) => ({
      experiment: experimentJson(await readExperiment(ctx, { id: fields.experiment_id })),
    }),
  }),
  mlflowRoute({
    method: 'GET',
    path: 'experiments/get-by-name',
    summary: 'An experiment by name, a deleted one too',
    fields: { experiment_name: 'string!' },
    handle: async ({ ctx, fields }) => ({
      experiment: experimentJson(await readExperiment(ctx, { name: fields.experiment_name })),
    }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'experiments/search',
    summary: 'Experiments that meet a filter',
    fields: SEARCH,
    handle: search,
  }),
  mlflowRoute({
    method: 'GET',
    path: 'experiments/search',
    summary: 'Experiments that meet a filter',
    fields: SEARCH,
    handle: search,
  }),
  mlflowRoute({
    method: 'POST',
    path: 'experiments/delete',
    summary: 'Marks an experiment and its runs as deleted; they can be restored',
    fields: { experiment_id: 'string!' },
    handle: ({ ctx, fields }) => changeExperiment(ctx, fields.experiment_id, { kind: 'delete' }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'experiments/restore',
    summary: 'Restores a deleted experiment and its runs',
    fields: { experiment_id: 'string!' },
    handle: ({ ctx, fields }) => changeExperiment(ctx, fields.experiment_id, { kind: 'restore' }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'experiments/update',
    summary: 'Renames an experiment',
    fields: { experiment_id: 'string!', new_name: 'string!' },
    handle: ({ ctx, fields }) =>
      changeExperiment(ctx, fields.experiment_id, { kind: 'rename', name: fields.new_name }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'experiments/set-experiment-tag',
    summary: 'Sets a tag of an experiment',
    fields: { experiment_id: 'string!', key: 'string!', value: 'string' },
    handle: ({ ctx, fields }) =>
      changeExperiment(ctx, fields.experiment_id, {
        kind: 'set-tag',
        tag: { key: fields.key, value: fields.value ?? '' },
      }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'experiments/delete-experiment-tag',
    summary: 'Takes a tag from an experiment',
    fields: { experiment_id: 'string!', key: 'string!' },
    handle: ({ ctx, fields }) =>
      changeExperiment(ctx, fields.experiment_id, { kind: 'delete-tag', key: fields.key }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'experiments/search-datasets',
    summary: 'Datasets that runs of some experiments read',
    fields: { experiment_ids: 'strings' },
    async handle({ ctx, fields }) {
      const found = await searchDatasets(ctx, fields.experiment_ids ?? []);
      return {
        dataset_summaries: found.map(({ experimentId, ...rest }) =>
          present({ experiment_id: experimentId, ...rest }),
        ),
      };
    },
  }),
];
