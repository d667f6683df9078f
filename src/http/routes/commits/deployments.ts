import { z } from 'zod';
import { deploymentItem } from '../../../contract/commit-events.ts';
import { page } from '../../../contract/views/common.ts';
import { readDeployments } from '../../../projects/actions/read-deployments.ts';
import type { Route } from '../../rondo-server.ts';
import { numberedPageQuery } from './numbered-page.ts';

export const listDeploymentsRoute: Route = (server, ctx) => {
  server.get(
    '/api/deployments',
    {
      schema: {
        summary: 'Which commit runs used from when on, newest first',
        tags: ['commits'],
        querystring: numberedPageQuery,
        response: { 200: page(deploymentItem) },
      },
    },
    (request) => readDeployments(ctx, request.query),
  );
};

export const rollBackDeploymentRoute: Route = (server, ctx) => {
  server.post(
    '/api/deployments/rollback',
    {
      schema: {
        summary: 'Takes the deployed commit back; the next run uses the one before it',
        tags: ['commits'],
        body: z.object({ reason: z.string().max(1000).optional() }).optional(),
        response: {
          200: z.object({
            sha: z.string().describe('The commit taken back'),
            to: z.string().describe('The commit in force again'),
            bundle: z.string(),
          }),
        },
      },
    },
    (request) =>
      ctx.operations.rollBackPipeline({
        actor: 'human',
        reason: request.body?.reason ?? 'A person took it back.',
      }),
  );
};
