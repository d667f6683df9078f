import type { ErrorTable } from './error-entry.ts';

export const gatewayErrors = {
  GATEWAY_BAD_INPUT: {
    status: 400,
    exit: 2,
    help: 'GET /v2/models/NAME shows the inputs, their types and shapes.',
  },
  GATEWAY_BAD_CALENDAR: {
    status: 400,
    exit: 2,
    help: 'The header rondo-calendar-time is for replays only, within the instants the replay has reached.',
  },
  GATEWAY_UNKNOWN_MODEL: {
    status: 404,
    exit: 3,
    help: 'GET /v2 lists the models and endpoints this gateway serves.',
  },
  GATEWAY_UNKNOWN_PATH: {
    status: 404,
    exit: 3,
    help: 'The gateway speaks Open Inference Protocol v2 under /v2, MLflow under /invocations, and POST /endpoints/NAME/predict.',
  },
  GATEWAY_UNKNOWN_RELEASE: {
    status: 404,
    exit: 3,
    help: 'GET /control/state lists the releases the gateway carries out.',
  },
  GATEWAY_WRONG_METHOD: { status: 405, exit: 2, help: 'See the header Allow of the answer.' },
  GATEWAY_UNSUPPORTED_MEDIA: {
    status: 415,
    exit: 2,
    help: 'Send application/json; /invocations takes text/csv too. The charset must be utf-8.',
  },
  GATEWAY_ROUTES_STALE: {
    status: 409,
    exit: 4,
    help: 'The gateway has a newer route table already.',
  },
  GATEWAY_FEATURES_GAP: {
    status: 409,
    exit: 4,
    help: 'Ask GET /control/state for the last sequence and send what follows it.',
  },
  GATEWAY_MODEL_UNLOADABLE: {
    status: 422,
    exit: 4,
    help: 'The old route table stays in force. Look at the model folder that is named.',
  },
  GATEWAY_OVERLOADED: {
    status: 429,
    exit: 6,
    help: 'Send again after the seconds of the header Retry-After, with fewer rows or connections at once.',
  },
  GATEWAY_MODEL_FAULT: {
    status: 500,
    exit: 1,
    help: "The model failed on this input; the message is the runtime's.",
  },
  GATEWAY_MODEL_DOWN: {
    status: 503,
    exit: 6,
    help: 'The Python process of the model ended and is being started again; send again after the seconds of the header Retry-After.',
  },
  GATEWAY_NOT_READY: {
    status: 503,
    exit: 6,
    help: 'Send again after the seconds of the header Retry-After.',
  },
  GATEWAY_CANNOT_RECORD: {
    status: 503,
    exit: 5,
    help: 'Free space on the disk of the data directory; the gateway goes on by itself.',
  },
  GATEWAY_DEADLINE: {
    status: 504,
    exit: 6,
    help: 'Allow more with the header rondo-timeout-ms, or send fewer rows at once.',
  },
} as const satisfies ErrorTable;
