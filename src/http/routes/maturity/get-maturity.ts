import { z } from 'zod';
import { maturityView } from '../../../contract/views/maturity-view.ts';
import { readMaturity } from '../../../maturity/actions/read-maturity.ts';
import type { Route } from '../../rondo-server.ts';

export const getMaturity: Route = (server, ctx) => {
  server.get(
    '/api/maturity',
    {
      schema: {
        summary: 'Level, test score and delivery figures, as the events of a window prove them',
        tags: ['maturity'],
        querystring: z.object({
          days: z.coerce
            .number()
            .int()
            .min(1)
            .max(730)
            .default(90)
            .describe('Length of the window that ends now, in calendar days'),
        }),
        response: { 200: maturityView },
      },
    },
    (request) => readMaturity(ctx, request.query),
  );
};
