import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../base/app-error.ts';
import { errorEntry } from '../../contract/error-codes.ts';
import { mlflowErrors } from '../../contract/errors/mlflow.ts';

/** Codes MLflow's client knows, by the status of an error of Rondo's that has no code of its own there. */
const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  409: 'RESOURCE_CONFLICT',
  413: 'INVALID_PARAMETER_VALUE',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
};

/** Answers an error as MLflow's server does: `{"error_code": …, "message": …}`. */
export function sendMlflowError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, code, message } = describe(error);
  if (status >= 500 && status !== 501) request.log.error({ err: error }, message);
  void reply
    .status(status)
    .type('application/json')
    .send(JSON.stringify({ error_code: code, message }));
}

function describe(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof AppError) {
    const { status } = errorEntry(error.code);
    const code = error.code in mlflowErrors ? error.code : (BY_STATUS[status] ?? 'INTERNAL_ERROR');
    return { status, code, message: error.message };
  }
  const { statusCode, message } = error as Partial<FastifyError>;
  if (typeof statusCode === 'number' && statusCode < 500) {
    const code = BY_STATUS[statusCode] ?? 'BAD_REQUEST';
    return { status: statusCode, code, message: message ?? 'The request is wrong.' };
  }
  return {
    status: 500,
    code: 'INTERNAL_ERROR',
    message: 'The server met a fault of its own; its log holds the details.',
  };
}
