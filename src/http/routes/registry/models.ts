import { z } from 'zod';
import { modelSummary, versionDetail, versionSummary } from '../../../contract/delivery.ts';
import { modelExport } from '../../../contract/model-export.ts';
import { describeVersion } from '../../../delivery/actions/describe-version.ts';
import { findModelFile } from '../../../registry/actions/find-model-file.ts';
import { listModels } from '../../../registry/actions/list-models.ts';
import { listVersions } from '../../../registry/actions/list-versions.ts';
import { exportModel } from '../../../serving/actions/export-model.ts';
import type { Route } from '../../rondo-server.ts';

const paging = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const listModelsRoute: Route = (server, ctx) => {
  server.get(
    '/api/models',
    {
      schema: {
        summary: 'Models with their aliases, by name',
        tags: ['registry'],
        querystring: paging,
        response: { 200: z.object({ items: z.array(modelSummary), next: z.string().nullable() }) },
      },
    },
    (request) => listModels(ctx, request.query),
  );
};

export const listVersionsRoute: Route = (server, ctx) => {
  server.get(
    '/api/models/:model/versions',
    {
      schema: {
        summary: 'Versions of a model, newest first',
        tags: ['registry'],
        params: z.object({ model: z.string() }),
        querystring: paging.extend({ after: z.string().regex(/^\d+$/).optional() }),
        response: {
          200: z.object({ items: z.array(versionSummary), next: z.string().nullable() }),
        },
      },
    },
    (request) => listVersions(ctx, { ...request.params, ...request.query }),
  );
};

export const getVersionRoute: Route = (server, ctx) => {
  server.get(
    '/api/models/:model/versions/:version',
    {
      schema: {
        summary:
          'A version (by number or alias) with its signature, features and the verdict of every gate',
        tags: ['registry'],
        params: z.object({ model: z.string(), version: z.string() }),
        response: { 200: versionDetail },
      },
    },
    (request) => describeVersion(ctx, request.params),
  );
};

export const getModelFileRoute: Route = (server, ctx) => {
  server.get(
    '/api/models/:model/versions/:version/files/*',
    {
      schema: {
        summary: "One file of a version's folder",
        tags: ['registry'],
        params: z.object({ model: z.string(), version: z.string(), '*': z.string() }),
      },
    },
    async (request, reply) => {
      const { model, version, '*': path } = request.params;
      const file = await findModelFile(ctx, { model, version, path });
      return reply
        .type('application/octet-stream')
        .header('content-length', file.sizeBytes)
        .header('etag', `"${file.digest}"`)
        .send(await ctx.blobs.stream(file.digest));
    },
  );
};

export const exportModelRoute: Route = (server, ctx) => {
  server.get(
    '/api/models/:model/versions/:version/export',
    {
      schema: {
        summary: 'What a version needs to run without Rondo, with a digest of each file',
        tags: ['registry'],
        params: z.object({ model: z.string(), version: z.string() }),
        response: { 200: modelExport },
      },
    },
    (request) => exportModel(ctx, request.params),
  );
};
