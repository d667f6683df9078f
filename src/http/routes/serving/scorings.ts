import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { scoringJob, scoringOrder } from '../../../contract/scoring.ts';
import { scoringJobs } from '../../../serving/scoring-jobs.ts';
import type { Route, RondoServer } from '../../rondo-server.ts';

const byId = z.object({ id: z.string() });
const BYTES = 'application/octet-stream';

/** A file goes to the disk as it comes, whatever its size. */
export const startScoringRoute: Route = (server, ctx) => {
  void server.register((scope, _options, done) => {
    if (scope.hasContentTypeParser(BYTES)) scope.removeContentTypeParser(BYTES);
    scope.addContentTypeParser(BYTES, (_request, payload, parsed) => parsed(null, payload));
    (scope as unknown as RondoServer).post(
      '/api/scorings',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          summary:
            'Scores the rows of a file (parquet, csv or json, sent as application/octet-stream)',
          description:
            'The rows are scored by one version, which is the one at 100 % of the endpoint at the beginning; follow the answer at GET /api/scorings/ID.',
          tags: ['serving'],
          querystring: scoringOrder,
          response: { 202: scoringJob },
        },
      },
      async (request, reply) => {
        const job = await scoringJobs(ctx).start(request.query, request.body as Readable);
        return reply.status(202).send(job);
      },
    );
    done();
  });
};

export const getScoringRoute: Route = (server, ctx) => {
  server.get(
    '/api/scorings/:id',
    {
      schema: {
        summary: 'How far the scoring of a file is',
        tags: ['serving'],
        params: byId,
        response: { 200: scoringJob },
      },
    },
    (request) => scoringJobs(ctx).find(request.params.id),
  );
};

export const getScoringResultRoute: Route = (server, ctx) => {
  server.get(
    '/api/scorings/:id/result',
    {
      schema: { summary: 'The rows of a file with their scores', tags: ['serving'], params: byId },
    },
    async (request, reply) => {
      const path = scoringJobs(ctx).resultOf(request.params.id);
      const { size } = await stat(path);
      return reply.type(BYTES).header('content-length', size).send(createReadStream(path));
    },
  );
};
