import { z } from 'zod';
import { lineageView } from '../../../contract/views/lineage-view.ts';
import { readLineage } from '../../../lineage/actions/read-lineage.ts';
import type { Route } from '../../rondo-server.ts';

export const getLineage: Route = (server, ctx) => {
  server.get(
    '/api/lineage/:kind/:id',
    {
      schema: {
        summary: 'What something was made from and what was made of it; the rest folded by kind',
        tags: ['lineage'],
        params: z.object({
          kind: z
            .string()
            .describe(
              'commit, bundle, dataset-version, run, model-version, release, endpoint, prediction or alarm',
            ),
          id: z
            .string()
            .describe(
              'Its id; a dataset version as DATASET@NUMBER, a model version as MODEL/VERSION',
            ),
        }),
        querystring: z.object({
          direction: z.enum(['up', 'down', 'both']).default('both'),
          limit: z.coerce
            .number()
            .int()
            .min(2)
            .max(300)
            .optional()
            .describe('Nodes, 30 unless told'),
          open: z.string().optional().describe('Key of a fold to show more of'),
        }),
        response: { 200: lineageView },
      },
    },
    (request) => readLineage(ctx, { ...request.params, ...request.query }),
  );
};
