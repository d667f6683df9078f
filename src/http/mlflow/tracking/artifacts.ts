import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../../base/app-error.ts';
import {
  isVersionPath,
  listVersionFolder,
  openVersionFile,
} from '../../../registry/actions/version-files.ts';
import {
  deleteArtifacts,
  listArtifacts,
  listFilesOf,
  openArtifact,
  openFileOf,
  writeArtifact,
  type OpenedArtifact,
} from '../../../tracking/actions/artifacts.ts';
import { readRun } from '../../../tracking/actions/read-runs.ts';
import type { RondoServer, Route } from '../../rondo-server.ts';
import { sendMlflowError } from '../errors.ts';
import { mlflowRoute, type MlflowRoute } from '../route.ts';
import { present } from '../values.ts';
import { fileJson } from './json.ts';

const ROOT = '/api/2.0/mlflow-artifacts';
const AJAX_ROOT = '/ajax-api/2.0/mlflow-artifacts';
const TEXT =
  /(?:^|\/)(?:MLmodel|MLproject)$|\.(?:txt|log|md|ya?ml|json|csv|tsv|py|cfg|conf|ini|toml|sql|xml|html?|js|css)$/i;

/** Artifacts of runs, as the rest of the protocol asks for them. */
export const artifactRoutes: readonly MlflowRoute[] = [
  mlflowRoute({
    method: 'GET',
    path: 'artifacts/list',
    summary: 'What lies in a folder of a run',
    fields: { run_id: 'string!', path: 'string', page_token: 'string' },
    async handle({ ctx, fields }) {
      const { info } = await readRun(ctx, fields.run_id);
      const files = await listFilesOf(ctx, info.run_id, fields.path ?? '');
      return present({
        root_uri: info.artifact_uri,
        files: files.length === 0 ? undefined : files.map(fileJson),
      });
    },
  }),
  ...['upload', 'download'].map((direction) =>
    mlflowRoute({
      method: 'POST',
      path: `artifacts/presigned-${direction}-url`,
      summary: 'Not here: clients send and fetch files through this server',
      fields: {},
      handle() {
        throw unsupported(`Presigned ${direction}`);
      },
    }),
  ),
];

/** The artifact proxy: files of runs and logged models go through it as raw bytes, streamed. */
export const artifactProxy: Route = (server, ctx) => {
  void server.register((plugin, _options, done) => {
    const scope = plugin as unknown as RondoServer;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => {
      parsed(null, payload);
    });
    scope.setErrorHandler(sendMlflowError);
    for (const root of [ROOT, AJAX_ROOT]) {
      const doc = (summary: string) =>
        root === ROOT ? { summary, tags: ['mlflow'] } : ({ hide: true } as const);
      scope.put(
        `${root}/artifacts/*`,
        { schema: doc('Stores a file of a run or logged model; the body is its bytes') },
        async (request, reply) => {
          await writeArtifact(ctx, pathOf(request), bodyOf(request));
          return reply.type('application/json').send('{}');
        },
      );
      scope.get(
        `${root}/artifacts/*`,
        { schema: doc('The bytes of a file of a run or logged model') },
        async (request, reply) => {
          const path = pathOf(request);
          const open = isVersionPath(path) ? openVersionFile : openArtifact;
          return sendFile(reply, await open(ctx, path));
        },
      );
      scope.delete(
        `${root}/artifacts/*`,
        { schema: doc('Deletes a file or folder of a run or logged model') },
        async (request, reply) => {
          await deleteArtifacts(ctx, pathOf(request));
          return reply.type('application/json').send('{}');
        },
      );
      scope.get(
        `${root}/artifacts`,
        { schema: doc('What lies in a folder of a run or logged model') },
        async (request, reply) => {
          const { path } = request.query as { path?: string };
          const list = isVersionPath(path ?? '') ? listVersionFolder : listArtifacts;
          const files = await list(ctx, path ?? '');
          const body = files.length === 0 ? {} : { files: files.map(fileJson) };
          return reply.type('application/json').send(JSON.stringify(body));
        },
      );
      refuseParts(scope, root);
    }
    scope.get('/get-artifact', { schema: { hide: true } }, async (request, reply) => {
      const query = request.query as { run_id?: string; run_uuid?: string; path?: string };
      const { info } = await readRun(ctx, query.run_id ?? query.run_uuid ?? '');
      return sendFile(reply, await openFileOf(ctx, info.run_id, query.path ?? ''));
    });
    done();
  });
};

function unsupported(what: string): AppError {
  return new AppError(
    'NOT_IMPLEMENTED',
    `${what} is not supported for the current artifact repository`,
  );
}

/** Clients send and fetch whole files when a server says that it takes no parts. */
function refuseParts(scope: RondoServer, root: string): void {
  const refuse = (what: string) => () => {
    throw unsupported(`Multipart ${what}`);
  };
  for (const part of ['create', 'complete', 'abort'])
    scope.post(`${root}/mpu/${part}/*`, { schema: { hide: true } }, refuse('upload'));
  scope.get(`${root}/presigned/*`, { schema: { hide: true } }, refuse('download'));
}

function pathOf(request: FastifyRequest): string {
  return (request.params as { '*'?: string })['*'] ?? '';
}

function bodyOf(request: FastifyRequest): Readable {
  return request.body instanceof Readable ? request.body : Readable.from([]);
}

/** Answers with a file, never as a page that a browser would run. */
export function sendFile(reply: FastifyReply, file: OpenedArtifact): FastifyReply {
  const name = encodeURIComponent(file.name).replaceAll("'", '%27');
  const plain = /^[\w.-]+$/.test(file.name);
  return reply
    .header('content-length', file.sizeBytes)
    .header(
      'content-disposition',
      plain ? `attachment; filename=${file.name}` : `attachment; filename*=UTF-8''${name}`,
    )
    .type(TEXT.test(file.name) ? 'text/plain; charset=utf-8' : 'application/octet-stream')
    .send(file.content);
}
