import { z } from 'zod';
import type { Route } from '../../rondo-server.ts';

/** The MLflow whose protocol this server speaks; its clients compare it with their own before they use newer parts. */
const MLFLOW_VERSION = '3.17.2';

export const getVersion: Route = (server, ctx) => {
  server.get(
    '/version',
    {
      schema: {
        summary: 'Version of the server',
        description:
          'MLflow clients, and who accepts text/plain alone, get the version of MLflow it is compatible with, as text.',
        tags: ['system'],
        response: {
          200: z.union([
            z.object({
              name: z.literal('rondo'),
              version: z.string(),
              node: z.string(),
              project: z.string(),
            }),
            z.string(),
          ]),
        },
      },
    },
    (request, reply) => {
      const { accept = '', 'user-agent': client = '' } = request.headers;
      if (client.startsWith('mlflow') || accept === 'text/plain') {
        void reply.type('text/plain; charset=utf-8').send(MLFLOW_VERSION);
        return;
      }
      void reply.send({
        name: 'rondo' as const,
        version: ctx.operations.version,
        node: process.versions.node,
        project: ctx.project.definition().project,
      });
    },
  );
};
