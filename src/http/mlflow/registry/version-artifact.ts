import { findModelFile } from '../../../registry/actions/find-model-file.ts';
import type { RondoServer, Route } from '../../rondo-server.ts';
import { sendMlflowError } from '../errors.ts';
import { parseFields } from '../fields.ts';
import { sendFile } from '../tracking/artifacts.ts';

/** One file of a version, as MLflow's own screens fetch it. */
export const versionArtifactRoute: Route = (server, ctx) => {
  void server.register((plugin, _options, done) => {
    const scope = plugin as unknown as RondoServer;
    scope.setErrorHandler(sendMlflowError);
    scope.get(
      '/model-versions/get-artifact',
      { schema: { hide: true } },
      async (request, reply) => {
        const given = request.query as Record<string, unknown>;
        const fields = { name: 'string!', version: 'string!', path: 'string!' } as const;
        const { name, version, path } = parseFields(fields, given);
        const file = await findModelFile(ctx, { model: name, version, path });
        return sendFile(reply, {
          name: path.split('/').at(-1) ?? path,
          sizeBytes: file.sizeBytes,
          content: await ctx.blobs.stream(file.digest),
        });
      },
    );
    done();
  });
};
