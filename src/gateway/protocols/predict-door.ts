import { AppError } from '../../base/app-error.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { answerError, answerJson, readJson, requireJson, type Exchange } from '../exchange.ts';
import { admit, instantOf, modelsOf, type Gateway } from '../gateway.ts';
import type { LiveEndpoint } from '../live-routes.ts';
import { unansweredError, type PredictedRow, type RequestRow } from '../predictor.ts';
import type { Row } from '../row-plan.ts';

/**
 * POST /endpoints/NAME/predict: `{ inputs: [{ origin: "SFO", hour: 5, ... }], ids?: ["..."] }`, rows of named fields, gives
 * `{ predictions: [{ id, score, version, missing }] }`. A row no model could score has `score: null` and `error`.
 */
export function answerPredict(exchange: Exchange, gateway: Gateway, name: string): void {
  requireJson(exchange);
  const endpoint = findEndpoint(gateway, name);
  const { inputs, ids } = readJson(exchange);
  const rows = namedRows(inputs, 'inputs');
  const requestIds = readIds(ids, rows.length);
  admit(gateway, rows.length, modelsOf(endpoint));
  gateway.predictor.predict({
    endpoint,
    rows,
    requestIds,
    requestUnit: null,
    atMs: instantOf(gateway, exchange.request.headers['rondo-calendar-time']),
    startedMs: exchange.startedMs,
    expiresAtMs: exchange.expiresAtMs,
    answer: (predicted) => {
      const [first] = predicted;
      if (first && predicted.every((row) => row.outputs === null)) {
        const details = { predictions: predicted.map((row) => ({ id: row.id })) };
        answerError(exchange, unansweredError(first, { details }));
        return;
      }
      let text = '';
      for (const row of predicted) text += (text === '' ? '' : ',') + predictionJson(row);
      answerJson(exchange, 200, `{"predictions":[${text}]}`);
    },
    refuse: (error) => answerError(exchange, error),
  });
}

/** Rows of named fields from JSON; AppError GATEWAY_BAD_INPUT that says which is none. */
export function namedRows(list: unknown, name: string): RequestRow[] {
  if (!Array.isArray(list))
    throw new AppError(
      'GATEWAY_BAD_INPUT',
      `"${name}" must be a list of rows, each an object of named fields`,
    );
  if (list.length === 0) throw new AppError('GATEWAY_BAD_INPUT', `"${name}" has no rows`);
  return list.map((row: unknown, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new AppError('GATEWAY_BAD_INPUT', `${name}[${i}] must be an object of named fields`);
    }
    return { fields: row as Row };
  });
}

export function findEndpoint({ routes }: Gateway, name: string): LiveEndpoint {
  const { endpoints } = routes.current;
  const endpoint = endpoints.get(name);
  if (endpoint) return endpoint;
  const near = nearestWord(name, endpoints.keys());
  throw new AppError(
    'GATEWAY_UNKNOWN_MODEL',
    `there is no endpoint "${name}"${near ? `; did you mean "${near}"?` : ''}`,
  );
}

function readIds(ids: unknown, rows: number): (string | null)[] {
  if (ids === undefined) return Array.from({ length: rows }, () => null);
  if (
    !Array.isArray(ids) ||
    ids.length !== rows ||
    !ids.every((id) => typeof id === 'string' && id.length <= 256)
  ) {
    throw new AppError('GATEWAY_BAD_INPUT', '"ids" must be a list of texts, one a row');
  }
  return ids as string[];
}

function predictionJson({
  id,
  requestId,
  score,
  outputs,
  model,
  prepared,
  error,
}: PredictedRow): string {
  const missing = prepared.missing.length === 0 ? '[]' : JSON.stringify(prepared.missing);
  const own = requestId === null ? '' : `,"requestId":${JSON.stringify(requestId)}`;
  if (outputs === null)
    return `{"id":"${id}"${own},"score":null,"version":null,"missing":${missing},"error":${JSON.stringify(error)}}`;
  return `{"id":"${id}"${own},"score":${score},"version":${JSON.stringify(model.version)},"missing":${missing}}`;
}
