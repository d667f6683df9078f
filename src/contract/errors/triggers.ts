import type { ErrorTable } from './error-entry.ts';

export const triggersErrors = {
  TRIGGER_NOT_FOUND: {
    status: 404,
    exit: 3,
    help: 'See "rondo triggers"; a trigger is named PIPELINE/KIND, such as train/schedule.',
  },
  MESSAGE_REFUSED: {
    status: 401,
    exit: 4,
    help: 'Send the secret as "Authorization: Bearer SECRET", or for a signed trigger the header Rondo-Signature, made within the last five minutes.',
  },
  MESSAGE_KEY_INVALID: {
    status: 400,
    exit: 2,
    help: 'Send the header Idempotency-Key: up to 200 letters, digits and . _ : ~ + / = - that name this message.',
  },
  MESSAGE_KEY_REUSED: {
    status: 409,
    exit: 4,
    help: 'Another message needs another Idempotency-Key.',
  },
  MESSAGE_QUEUE_FULL: {
    status: 429,
    exit: 4,
    help: 'Send it again, with the same key, once the pipeline has caught up.',
  },
  TRIGGER_SECRET_MISSING: {
    status: 503,
    exit: 5,
    help: 'Set the variable that "secret_env" of the trigger names, with at least 16 characters, and start the server again.',
  },
} as const satisfies ErrorTable;
