import { triggersQuery, triggersView as schema } from '../../../contract/views/triggers-view.ts';
import { readTriggers } from '../../../triggers/actions/read-triggers.ts';
import { triggersView } from '../../../views/triggers-view.ts';
import type { Route } from '../../rondo-server.ts';

export const getTriggers: Route = (server, ctx) => {
  server.get(
    '/api/views/triggers',
    {
      schema: {
        summary: 'What starts by itself, and what came of each occasion, newest first',
        tags: ['views'],
        querystring: triggersQuery,
        response: { 200: schema },
      },
    },
    async (request) =>
      triggersView(ctx.db, {
        rules: await readTriggers(ctx),
        nowMs: ctx.clocks.calendar.nowMs(),
        query: request.query,
      }),
  );
};
