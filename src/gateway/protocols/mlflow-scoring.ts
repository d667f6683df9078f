import { AppError } from '../../base/app-error.ts';
import { answerError, answerJson, answerText, readJson, type Exchange } from '../exchange.ts';
import { GATEWAY_VERSION } from '../gateway-config.ts';
import { admit, canAnswer, instantOf, modelsOf, type Gateway } from '../gateway.ts';
import type { LiveEndpoint } from '../live-routes.ts';
import { unansweredError, type PredictedRow, type RequestRow } from '../predictor.ts';
import type { Row } from '../row-plan.ts';
import type { Cell } from '../tensor-types.ts';
import { findEndpoint, namedRows } from './predict-door.ts';
import { parseCsv } from './parse-csv.ts';

/** Records for data frames (each output a column), lists by output name for `instances` and `inputs`, as MLflow does. */
type Frame = { rows: RequestRow[]; answerAs: 'records' | 'lists' };

const FORMATS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

/** GET /ping and /health: 200 when a model can answer, 404 when none can. */
export function answerPing(exchange: Exchange, { routes, draining }: Gateway): void {
  const live = routes.current;
  const ready =
    !draining &&
    (live.endpoints.size === 0
      ? live.models.size > 0
      : [...live.endpoints.values()].some(canAnswer));
  answerText(exchange, ready ? 200 : 404, 'application/json', '\n');
}

export function answerVersion(exchange: Exchange): void {
  answerText(exchange, 200, 'text/plain; charset=utf-8', GATEWAY_VERSION);
}

/** POST /invocations: the only endpoint, or the one of `?endpoint=`. */
export function answerInvocations(exchange: Exchange, gateway: Gateway): void {
  const format = contentFormat(exchange.request.headers['content-type']);
  const endpoint = chooseEndpoint(gateway, exchange.query.get('endpoint'));
  const frame =
    format === 'csv' ? csvFrame(exchange.body.toString()) : jsonFrame(readJson(exchange));
  admit(gateway, frame.rows.length, modelsOf(endpoint));
  gateway.predictor.predict({
    endpoint,
    rows: frame.rows,
    requestIds: frame.rows.map(() => null),
    requestUnit: null,
    atMs: instantOf(gateway, exchange.request.headers['rondo-calendar-time']),
    startedMs: exchange.startedMs,
    expiresAtMs: exchange.expiresAtMs,
    answer: (predicted) => {
      const failed = predicted.find((row) => row.outputs === null);
      if (failed) answerError(exchange, unansweredError(failed));
      else answerJson(exchange, 200, JSON.stringify(answerOf(predicted, frame.answerAs)));
    },
    refuse: (error) => answerError(exchange, error),
  });
}

function contentFormat(header: string | undefined): 'json' | 'csv' {
  const [type = '', ...parameters] = (header ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const others = parameters.filter(
    (parameter) => parameter !== 'charset=utf-8' && parameter !== '',
  );
  if (others.length > 0)
    throw new AppError(
      'GATEWAY_UNSUPPORTED_MEDIA',
      `the content type parameter "${others[0]}" is not taken; only charset=utf-8 is`,
    );
  if (type === 'application/json') return 'json';
  if (type === 'text/csv') return 'csv';
  throw new AppError(
    'GATEWAY_UNSUPPORTED_MEDIA',
    `content type "${type}" is not taken; send application/json or text/csv`,
  );
}

function chooseEndpoint(gateway: Gateway, name: string | null): LiveEndpoint {
  if (name !== null) return findEndpoint(gateway, name);
  const names = [...gateway.routes.current.endpoints.keys()];
  const [only] = names;
  if (only !== undefined && names.length === 1) return findEndpoint(gateway, only);
  if (names.length === 0)
    throw new AppError('GATEWAY_NOT_READY', 'the gateway serves no endpoint yet');
  throw new AppError(
    'GATEWAY_BAD_INPUT',
    `there are several endpoints: choose one with ?endpoint= (${names.join(', ')})`,
  );
}

function jsonFrame(content: Record<string, unknown>): Frame {
  const given = FORMATS.filter((format) => content[format] !== undefined);
  const [format] = given;
  if (given.length !== 1 || !format) {
    throw new AppError(
      'GATEWAY_BAD_INPUT',
      `the body must have exactly one of ${FORMATS.join(', ')}; it has ${given.length === 0 ? 'none' : given.join(' and ')}`,
    );
  }
  const data = content[format];
  switch (format) {
    case 'dataframe_split':
      return { rows: splitRows(data), answerAs: 'records' };
    case 'dataframe_records':
      return { rows: namedRows(data, format), answerAs: 'records' };
    case 'instances':
      if (
        Array.isArray(data) &&
        data.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))
      ) {
        return { rows: namedRows(data, format), answerAs: 'lists' };
      }
      throw namelessRows(format);
    case 'inputs':
      if (typeof data !== 'object' || data === null || Array.isArray(data))
        throw namelessRows(format);
      return { rows: columnRows(data as Record<string, unknown>), answerAs: 'lists' };
    default:
      return format satisfies never;
  }
}

function splitRows(split: unknown): RequestRow[] {
  const { columns, data } = (split ?? {}) as { columns?: unknown; data?: unknown };
  if (
    !Array.isArray(columns) ||
    !columns.every((name) => typeof name === 'string') ||
    !Array.isArray(data)
  ) {
    throw new AppError(
      'GATEWAY_BAD_INPUT',
      '"dataframe_split" must have "columns" (texts) and "data" (a list of rows)',
    );
  }
  if (data.length === 0) throw new AppError('GATEWAY_BAD_INPUT', '"dataframe_split" has no rows');
  return data.map((cells: unknown, i) => {
    if (!Array.isArray(cells) || cells.length !== columns.length) {
      throw new AppError(
        'GATEWAY_BAD_INPUT',
        `"dataframe_split", row ${i}: expected ${columns.length} cells`,
      );
    }
    return { fields: Object.fromEntries(columns.map((name, c) => [name, cells[c] as Cell])) };
  });
}

/** Named tensors: one column each, `[n]` or `[n, 1]`. */
function columnRows(tensors: Record<string, unknown>): RequestRow[] {
  const columns = Object.entries(tensors).map(([name, data]): [string, unknown[]] => {
    const list = Array.isArray(data) ? (data as unknown[]) : [data];
    return [
      name,
      list.map((cell) =>
        Array.isArray(cell) && cell.length === 1 ? (cell as unknown[])[0] : cell,
      ),
    ];
  });
  const count = columns[0]?.[1].length ?? 0;
  if (count === 0) throw new AppError('GATEWAY_BAD_INPUT', '"inputs" has no rows');
  for (const [name, list] of columns) {
    if (list.length !== count)
      throw new AppError(
        'GATEWAY_BAD_INPUT',
        `"inputs": "${name}" has ${list.length} rows, "${columns[0]?.[0]}" has ${count}`,
      );
  }
  return Array.from({ length: count }, (_, i) => ({
    fields: Object.fromEntries(columns.map(([name, list]) => [name, list[i] as Cell])),
  }));
}

function csvFrame(text: string): Frame {
  const [header, ...lines] = parseCsv(text);
  if (!header || lines.length === 0)
    throw new AppError('GATEWAY_BAD_INPUT', 'the CSV must have a header and at least one row');
  const rows = lines.map((cells, i) => {
    if (cells.length !== header.length)
      throw new AppError(
        'GATEWAY_BAD_INPUT',
        `CSV row ${i}: expected ${header.length} cells, got ${cells.length}`,
      );
    return {
      fields: Object.fromEntries(
        header.map((name, c): [string, Cell] => [name, csvCell(cells[c] ?? '')]),
      ) satisfies Row,
    };
  });
  return { rows, answerAs: 'records' };
}

/** As pandas reads it: a number where it is one, nothing where it is empty. */
function csvCell(text: string): Cell {
  if (text === '' || text === 'NaN' || text === 'nan') return null;
  if (text === 'True' || text === 'true') return true;
  if (text === 'False' || text === 'false') return false;
  const number = Number(text);
  return Number.isFinite(number) && text.trim() !== '' ? number : text;
}

function answerOf(predicted: readonly PredictedRow[], answerAs: Frame['answerAs']) {
  const prediction_ids = predicted.map((row) => row.id);
  const names = predicted[0]?.outputs?.tensors.map(({ name }) => name) ?? [];
  const [only] = names;
  // A model of MLflow that gives an array has no name for it: MLflow sends the list as it is.
  if (only !== undefined && predicted.every(({ model }) => model.answersPlainly))
    return { predictions: predicted.map((row) => cellsOf(row, only, false)), prediction_ids };
  if (answerAs === 'lists') {
    const lists = names.map((name): [string, unknown[]] => [
      name,
      predicted.map((row) => cellsOf(row, name, false)),
    ]);
    return { predictions: Object.fromEntries(lists), prediction_ids };
  }
  return {
    predictions: predicted.map((row) =>
      Object.fromEntries(names.map((name) => [name, cellsOf(row, name, true)])),
    ),
    prediction_ids,
  };
}

/** A row's part of an output. One element in a data frame is a plain value, as MLflow flattens it; NaN is null. */
function cellsOf({ outputs, row }: PredictedRow, name: string, flatten: boolean): unknown {
  const tensor = outputs?.tensors.find((candidate) => candidate.name === name);
  if (!tensor) return null;
  const size = tensor.shape.slice(1).reduce((product, next) => product * next, 1);
  const cells = Array.from({ length: size }, (_, i) => {
    const value = tensor.data[row * size + i];
    if (typeof value === 'bigint') return Number(value);
    if (tensor.datatype === 'BOOL') return value !== 0;
    return typeof value === 'number' && !Number.isFinite(value) ? null : value;
  });
  return size === 1 && (flatten || tensor.shape.length === 1) ? cells[0] : cells;
}

function namelessRows(format: string): AppError {
  return new AppError(
    'GATEWAY_BAD_INPUT',
    `"${format}" has rows without names, but the model has named columns: send dataframe_split or dataframe_records`,
  );
}
