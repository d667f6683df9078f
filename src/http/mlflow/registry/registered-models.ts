import { createModel } from '../../../registry/actions/create-model.ts';
import { deleteModel } from '../../../registry/actions/delete-model.ts';
import { findLatest, findModel, findModels } from '../../../registry/actions/find-registered.ts';
import { findVersionByAlias } from '../../../registry/actions/find-version-by-alias.ts';
import { pointAlias } from '../../../registry/actions/point-alias.ts';
import { renameModel } from '../../../registry/actions/rename-model.ts';
import { tagModel } from '../../../registry/actions/tag-model.ts';
import { updateModel } from '../../../registry/actions/update-model.ts';
import { mlflowRoute, type MlflowRoute } from '../route.ts';
import { searchPage, tagItems } from './fields.ts';
import { modelJson, versionJson } from './registry-json.ts';

const NAME = { name: 'string!' } as const;

const createRoute = mlflowRoute({
  method: 'POST',
  path: 'registered-models/create',
  summary: 'Makes a registered model',
  fields: { ...NAME, tags: 'list', description: 'string' },
  async handle({ ctx, fields }) {
    const { name, description } = fields;
    const model = await createModel(ctx, { name, description, tags: tagItems(fields.tags) });
    return { registered_model: modelJson(model) };
  },
});

const getRoute = mlflowRoute({
  method: 'GET',
  path: 'registered-models/get',
  summary: 'A registered model with the latest version of each stage',
  fields: NAME,
  async handle({ ctx, fields }) {
    return { registered_model: modelJson(await findModel(ctx, fields.name)) };
  },
});

const updateRoute = mlflowRoute({
  method: 'PATCH',
  path: 'registered-models/update',
  summary: 'Describes a registered model',
  fields: { ...NAME, description: 'string' },
  async handle({ ctx, fields }) {
    const { name, description } = fields;
    const model = await updateModel(ctx, { name, description: description ?? null });
    return { registered_model: modelJson(model) };
  },
});

const renameRoute = mlflowRoute({
  method: 'POST',
  path: 'registered-models/rename',
  summary: 'Gives a registered model another name; one the project carries keeps its own',
  fields: { ...NAME, new_name: 'string!' },
  async handle({ ctx, fields }) {
    const model = await renameModel(ctx, { name: fields.name, newName: fields.new_name });
    return { registered_model: modelJson(model) };
  },
});

const deleteRoute = mlflowRoute({
  method: 'DELETE',
  path: 'registered-models/delete',
  summary: 'Deletes a registered model and its versions; not while one serves or was in a release',
  fields: NAME,
  handle: ({ ctx, fields }) => deleteModel(ctx, fields.name),
});

const SEARCH = {
  filter: 'string',
  max_results: 'int',
  order_by: 'strings',
  page_token: 'string',
} as const;

const searchRoutes = (['GET', 'POST'] as const).map((method) =>
  mlflowRoute({
    method,
    path: 'registered-models/search',
    summary: 'Registered models that fit a filter',
    fields: SEARCH,
    async handle({ ctx, fields }) {
      const page = searchPage(fields, { usual: 100, most: 1000 });
      const { items, more } = await findModels(ctx, page);
      return {
        registered_models: items.length > 0 ? items.map(modelJson) : undefined,
        next_page_token: more ? page.next : undefined,
      };
    },
  }),
);

const latestRoutes = (['GET', 'POST'] as const).map((method) =>
  mlflowRoute({
    method,
    path: 'registered-models/get-latest-versions',
    summary: 'The newest version of each stage',
    fields: { ...NAME, stages: 'strings' },
    async handle({ ctx, fields }) {
      const versions = await findLatest(ctx, { name: fields.name, stages: fields.stages ?? [] });
      return { model_versions: versions.length > 0 ? versions.map(versionJson) : undefined };
    },
  }),
);

const setTagRoute = mlflowRoute({
  method: 'POST',
  path: 'registered-models/set-tag',
  summary: 'Sets a tag of a registered model',
  fields: { ...NAME, key: 'string!', value: 'string' },
  handle: ({ ctx, fields }) =>
    tagModel(ctx, { name: fields.name, key: fields.key, value: fields.value ?? '' }),
});

const deleteTagRoute = mlflowRoute({
  method: 'DELETE',
  path: 'registered-models/delete-tag',
  summary: 'Takes a tag of a registered model away',
  fields: { ...NAME, key: 'string!' },
  handle: ({ ctx, fields }) => tagModel(ctx, { name: fields.name, key: fields.key, value: null }),
});

const ALIAS = { ...NAME, alias: 'string!' } as const;

const setAliasRoute = mlflowRoute({
  method: 'POST',
  path: 'registered-models/alias',
  summary: 'Points an alias at a version; champion and challenger are moved by promotion alone',
  fields: { ...ALIAS, version: 'string!' },
  handle: ({ ctx, fields }) => pointAlias(ctx, fields),
});

const deleteAliasRoute = mlflowRoute({
  method: 'DELETE',
  path: 'registered-models/alias',
  summary: 'Takes an alias away',
  fields: ALIAS,
  handle: ({ ctx, fields }) =>
    pointAlias(ctx, { name: fields.name, alias: fields.alias, version: null }),
});

const getAliasRoute = mlflowRoute({
  method: 'GET',
  path: 'registered-models/alias',
  summary: 'The version an alias points at',
  fields: ALIAS,
  async handle({ ctx, fields }) {
    return { model_version: versionJson(await findVersionByAlias(ctx, fields)) };
  },
});

export const registeredModelRoutes: readonly MlflowRoute[] = [
  createRoute,
  getRoute,
  updateRoute,
  renameRoute,
  deleteRoute,
  ...searchRoutes,
  ...latestRoutes,
  setTagRoute,
  deleteTagRoute,
  setAliasRoute,
  deleteAliasRoute,
  getAliasRoute,
];
