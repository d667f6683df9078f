import { z } from 'zod';
import { authenticateMessage, receiveMessage } from '../../../triggers/actions/receive-message.ts';
import { describeFiring } from '../../../triggers/actions/read-triggers.ts';
import { messageKey } from '../../../triggers/message.ts';
import { triggerDoors } from '../../../triggers/work.ts';
import type { RondoServer, Route } from '../../rondo-server.ts';
import { firingSchema } from './trigger-schema.ts';

/** A message is an order with a few parameters, no data. */
const BODY_LIMIT = 64 << 10;

const params = z.object({ pipeline: z.string(), name: z.string() });

export const receiveMessageRoute: Route = (server, ctx) => {
  void server.register((scope, _options, done) => {
    const bodies = keepBodies(scope as unknown as RondoServer);
    (scope as unknown as RondoServer).post(
      '/api/triggers/:pipeline/:name/messages',
      {
        bodyLimit: BODY_LIMIT,
        config: { ownAuthentication: true },
        schema: {
          summary:
            'Takes a message of another system: starts the pipeline, once per Idempotency-Key',
          description:
            'Carries the secret of this trigger, not the token of the server. 200: fired, or skipped with the reason. 202: waits for the run that is going on; the same key asks again.',
          tags: ['triggers'],
          params,
          headers: z.object({ 'idempotency-key': z.string() }),
          body: z.strictObject({
            parameters: z
              .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
              .default({}),
          }),
          response: { 200: firingSchema, 202: firingSchema },
        },
        // Before anything of the body is looked at: strangers learn nothing from its faults.
        preValidation: async (request) => {
          const { pipeline, name } = params.parse(request.params);
          const { authorization, 'rondo-signature': signature } = request.headers;
          await authenticateMessage(
            ctx,
            {
              trigger: `${pipeline}/${name}`,
              key: messageKey(request.headers['idempotency-key']),
              body: bodies.get(request) ?? Buffer.alloc(0),
              authorization,
              signature: typeof signature === 'string' ? signature : undefined,
            },
            { env: process.env, nowMs: Date.now() },
          );
          request.body ??= { parameters: {} };
        },
      },
      async (request, reply) => {
        const { pipeline, name } = request.params;
        const firing = await receiveMessage(ctx, triggerDoors(ctx), {
          trigger: `${pipeline}/${name}`,
          key: messageKey(request.headers['idempotency-key']),
          body: request.body,
        });
        return reply.status(firing.state === 'waiting' ? 202 : 200).send(describeFiring(firing));
      },
    );
    done();
  });
};

/** Parses JSON bodies of this scope and keeps their bytes, which signatures are made over. No body is an empty one. */
function keepBodies(scope: RondoServer): WeakMap<object, Buffer> {
  const bodies = new WeakMap<object, Buffer>();
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    bodies.set(request, bytes);
    if (bytes.length === 0) done(null, {});
    else void parse(request, bytes.toString('utf8'), done);
  });
  return bodies;
}
