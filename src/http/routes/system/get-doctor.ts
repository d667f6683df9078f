import { z } from 'zod';
import type { Route } from '../../rondo-server.ts';

const finding = z.object({
  part: z.string(),
  state: z.enum(['ok', 'warning', 'failed']),
  detail: z.string(),
  help: z.string().optional(),
});

export const getDoctor: Route = (server, ctx) => {
  server.get(
    '/api/doctor',
    {
      schema: {
        summary:
          'Health of every part and of the seven components of an automated ML system, with what to try',
        tags: ['system'],
        response: {
          200: z.object({
            findings: z.array(finding),
            components: z.array(finding.extend({ version: z.string().nullable() })),
          }),
        },
      },
    },
    () => ctx.operations.examine(),
  );
};
