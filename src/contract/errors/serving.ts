import type { ErrorTable } from './error-entry.ts';

export const servingErrors = {
  ENDPOINT_UNKNOWN: {
    status: 404,
    exit: 3,
    help: 'Endpoints are written in rondo.yaml under "endpoints".',
  },
  SCORING_INPUT_INVALID: {
    status: 400,
    exit: 2,
    help: 'The file holds the columns of the model, or the keys of its features: "rondo models NAME champion" shows both.',
  },
  SCORING_UNKNOWN: {
    status: 404,
    exit: 3,
    help: 'Results are kept for an hour, and not over a restart of the server: send the file again.',
  },
  PREDICTION_UNKNOWN: {
    status: 404,
    exit: 3,
    help: 'The answer of the gateway names its prediction id.',
  },
  LABEL_REFUSED: {
    status: 409,
    exit: 4,
    help: 'Name the prediction by its id; to correct a label send it again with "revision": true.',
  },
  LABEL_VALUE_INVALID: { status: 400, exit: 2, help: 'A label is a number, true or false.' },
  LABEL_SOURCE_INVALID: {
    status: 400,
    exit: 2,
    help: 'Compare models.NAME.label in rondo.yaml with the columns of the dataset it names.',
  },
  PREDICTION_REFUSED: {
    status: 400,
    exit: 4,
    help: 'GET /v2/models/NAME of the gateway shows the columns and entities; "rondo models NAME champion" too.',
  },
} as const satisfies ErrorTable;
