import { z } from 'zod';
import { cause } from '../../../contract/cause.ts';
import { startRun } from '../../../runs/actions/start-run.ts';
import type { Route } from '../../rondo-server.ts';

export const startRunRoute: Route = (server, ctx) => {
  server.post(
    '/api/runs',
    {
      schema: {
        summary: 'Starts a run of a pipeline',
        description:
          'The same `key` gives the same run, however often it is asked. The run goes on by itself.',
        tags: ['runs'],
        body: z.object({
          pipeline: z.string(),
          parameters: z
            .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
            .optional(),
          cause: cause.partial({ text: true }).optional(),
          key: z.string().max(200).optional(),
          workingTree: z
            .boolean()
            .optional()
            .describe("Of the project's folder as it is now; its model may not be promoted"),
        }),
        response: { 201: z.object({ runId: z.string() }) },
      },
    },
    async (request, reply) => {
      const { pipeline, parameters, key, workingTree } = request.body;
      const given = request.body.cause ?? { kind: 'api' as const };
      const started = await startRun(ctx, {
        pipeline,
        cause: { ...given, text: given.text ?? 'asked for by the API' },
        actor: given.kind === 'manual' ? 'human' : 'auto',
        ...(parameters === undefined ? {} : { parameters }),
        ...(key === undefined ? {} : { key }),
        ...(workingTree === undefined ? {} : { workingTree }),
      });
      return reply.status(201).send(started);
    },
  );
};
