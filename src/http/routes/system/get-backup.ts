import { Readable } from 'node:stream';
import type { Route } from '../../rondo-server.ts';

export const getBackup: Route = (server, ctx) => {
  server.get(
    '/api/backup',
    {
      schema: {
        summary:
          'A backup of database, blobs and logs as a tar archive; whole only with its manifest at the end',
        tags: ['system'],
        produces: ['application/x-tar'],
      },
    },
    (_request, reply) =>
      reply
        .type('application/x-tar')
        .send(Readable.from(ctx.operations.backup(), { objectMode: false })),
  );
};
