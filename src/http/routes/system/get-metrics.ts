import type { Route } from '../../rondo-server.ts';

export const getMetrics: Route = (server, ctx) => {
  server.get(
    '/metrics',
    {
      schema: {
        summary: 'Metrics of the server for Prometheus; the gateway has its own',
        tags: ['system'],
        produces: ['text/plain'],
      },
    },
    async (_request, reply) => {
      const { metrics } = ctx.operations;
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  );
};
