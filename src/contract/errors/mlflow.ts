import type { ErrorTable } from './error-entry.ts';

/** Codes of MLflow's REST protocol; its clients tell errors apart by them. */
export const mlflowErrors = {
  INVALID_PARAMETER_VALUE: {
    status: 400,
    exit: 2,
    help: 'The message names the parameter of the MLflow request and what is wrong with it.',
  },
  RESOURCE_ALREADY_EXISTS: {
    status: 400,
    exit: 4,
    help: 'Use what is there, or choose another name. Deleted experiments keep their names.',
  },
  RESOURCE_DOES_NOT_EXIST: {
    status: 404,
    exit: 3,
    help: 'Check the id or name; the search functions of the MLflow client show what exists.',
  },
  ENDPOINT_NOT_FOUND: {
    status: 404,
    exit: 3,
    help: 'This server does not have that part of the MLflow protocol; the guide "MLflow" lists what it has.',
  },
  PERMISSION_DENIED: {
    status: 403,
    exit: 4,
    help: 'A rule of the project refuses it; the message says which.',
  },
  // MLflow's own status is 500, which makes its clients try again for two minutes.
  INVALID_STATE: {
    status: 400,
    exit: 4,
    help: 'Restore what was deleted first, or ask again without it.',
  },
  NOT_IMPLEMENTED: {
    status: 501,
    exit: 4,
    help: 'MLflow clients go on in another way by themselves.',
  },
} as const satisfies ErrorTable;
