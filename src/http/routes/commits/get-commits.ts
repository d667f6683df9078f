import { z } from 'zod';
import { commitItem, commitView as commitSchema } from '../../../contract/views/commits-view.ts';
import { page } from '../../../contract/views/common.ts';
import { requireCommit } from '../../../projects/actions/find-commit.ts';
import { commitsView, commitView } from '../../../views/commits-view.ts';
import type { Route } from '../../rondo-server.ts';
import { numberedPageQuery } from './numbered-page.ts';

export const getCommits: Route = (server, ctx) => {
  server.get(
    '/api/commits',
    {
      schema: {
        summary: 'Commits seen on the watched branch, newest first',
        tags: ['commits'],
        querystring: numberedPageQuery,
        response: { 200: page(commitItem) },
      },
    },
    (request) => commitsView(ctx.db, request.query),
  );
};

export const getCommit: Route = (server, ctx) => {
  server.get(
    '/api/commits/:sha',
    {
      schema: {
        summary: 'A commit with its checks and its six stations, from source to monitoring',
        tags: ['commits'],
        params: z.object({ sha: z.string().describe('The sha, or its first digits') }),
        response: { 200: commitSchema },
      },
    },
    async (request) => commitView(ctx.db, await requireCommit(ctx, request.params.sha)),
  );
};
