import { createVersion } from '../../../registry/actions/create-version.ts';
import { deleteVersion } from '../../../registry/actions/delete-version.ts';
import { findRecord, findVersions } from '../../../registry/actions/find-registered.ts';
import { moveStage } from '../../../registry/actions/move-stage.ts';
import { tagVersion } from '../../../registry/actions/tag-version.ts';
import { updateVersion } from '../../../registry/actions/update-version.ts';
import { versionAddress } from '../../../registry/actions/version-address.ts';
import { mlflowRoute, type MlflowRoute } from '../route.ts';
import { searchPage, tagItems } from './fields.ts';
import { versionJson } from './registry-json.ts';

const VERSION = { name: 'string!', version: 'string!' } as const;

const createRoute = mlflowRoute({
  method: 'POST',
  path: 'model-versions/create',
  summary: 'Registers a version; its files are taken from the source by digest',
  fields: {
    name: 'string!',
    source: 'string!',
    run_id: 'string',
    model_id: 'string',
    run_link: 'string',
    description: 'string',
    tags: 'list',
  },
  async handle({ ctx, fields }) {
    const version = await createVersion(ctx, {
      name: fields.name,
      source: fields.source,
      runId: fields.run_id,
      modelId: fields.model_id,
      runLink: fields.run_link,
      description: fields.description,
      tags: tagItems(fields.tags),
    });
    return { model_version: versionJson(version) };
  },
});

const getRoute = mlflowRoute({
  method: 'GET',
  path: 'model-versions/get',
  summary: 'A version with its tags and aliases',
  fields: VERSION,
  async handle({ ctx, fields }) {
    return { model_version: versionJson(await findRecord(ctx, fields)) };
  },
});

const updateRoute = mlflowRoute({
  method: 'PATCH',
  path: 'model-versions/update',
  summary: 'Describes a version',
  fields: { ...VERSION, description: 'string' },
  async handle({ ctx, fields }) {
    const { name, version, description } = fields;
    const record = await updateVersion(ctx, { name, version, description: description ?? null });
    return { model_version: versionJson(record) };
  },
});

const deleteRoute = mlflowRoute({
  method: 'DELETE',
  path: 'model-versions/delete',
  summary: 'Deletes a version; not one that serves or was in a release',
  fields: VERSION,
  handle: ({ ctx, fields }) => deleteVersion(ctx, fields),
});

const searchRoutes = (['GET', 'POST'] as const).map((method) =>
  mlflowRoute({
    method,
    path: 'model-versions/search',
    summary: 'Versions that fit a filter',
    fields: {
      filter: 'string',
      max_results: 'int',
      order_by: 'strings',
      page_token: 'string',
    },
    async handle({ ctx, fields }) {
      const page = searchPage(fields, { usual: 10_000, most: 200_000 });
      const { items, more } = await findVersions(ctx, page);
      return {
        model_versions: items.length > 0 ? items.map(versionJson) : undefined,
        next_page_token: more ? page.next : undefined,
      };
    },
  }),
);

const downloadRoute = mlflowRoute({
  method: 'GET',
  path: 'model-versions/get-download-uri',
  summary: "The address of a version's files",
  fields: VERSION,
  async handle({ ctx, fields }) {
    return { artifact_uri: await versionAddress(ctx, fields) };
  },
});

const setTagRoute = mlflowRoute({
  method: 'POST',
  path: 'model-versions/set-tag',
  summary: 'Sets a tag of a version',
  fields: { ...VERSION, key: 'string!', value: 'string' },
  handle: ({ ctx, fields }) => tagVersion(ctx, { ...fields, value: fields.value ?? '' }),
});

const deleteTagRoute = mlflowRoute({
  method: 'DELETE',
  path: 'model-versions/delete-tag',
  summary: 'Takes a tag of a version away',
  fields: { ...VERSION, key: 'string!' },
  handle: ({ ctx, fields }) => tagVersion(ctx, { ...fields, value: null }),
});

const stageRoute = mlflowRoute({
  method: 'POST',
  path: 'model-versions/transition-stage',
  summary: 'Moves a version to a stage; Production of a model of the project is for its champion',
  fields: { ...VERSION, stage: 'string!', archive_existing_versions: 'bool' },
  async handle({ ctx, fields }) {
    const version = await moveStage(ctx, {
      name: fields.name,
      version: fields.version,
      stage: fields.stage,
      archiveExisting: fields.archive_existing_versions ?? false,
    });
    return { model_version: versionJson(version) };
  },
});

export const modelVersionRoutes: readonly MlflowRoute[] = [
  createRoute,
  getRoute,
  updateRoute,
  deleteRoute,
  ...searchRoutes,
  downloadRoute,
  setTagRoute,
  deleteTagRoute,
  stageRoute,
];
