import { z } from 'zod';
import { formatDuration } from '../../contract/fields.ts';
import { coolDownField, defineTriggerKind } from '../trigger-kind.ts';

/** Another system asks over HTTP, with a secret of this trigger alone; `receive-message.ts` takes what comes. */
export const message = defineTriggerKind({
  kind: 'message',
  summary: 'Starts when another system sends a message over HTTP',
  config: z.object({
    secret_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
      .describe("Variable of the server with the trigger's secret, at least 16 characters"),
    signed: z
      .boolean()
      .default(false)
      .describe('The secret signs each message (HMAC-SHA256) instead of being sent with it'),
    cool_down: coolDownField,
  }),
  cause: 'message',
  patient: true,
  keepsEach: true,
  sentence: ({ secret_env: variable, signed, cool_down: coolDown }) =>
    `Starts when a message ${signed ? 'signed with' : 'with'} the secret of ${variable} comes in${coolDown > 0 ? `, at most every ${formatDuration(coolDown)}` : ''}.`,
  upcoming: () => [],
  nextLookMs: () => null,
  // A message is written down as it comes in; nothing has to be looked for.
  occasions: (_ctx, _rule, since) => Promise.resolve({ occasions: [], considered: since }),
  obsolete: () => Promise.resolve(null),
});
