import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBAppender } from '@duckdb/node-api';
import { AppError } from '../../base/app-error.ts';
import type { RowsFormat } from '../../contract/scoring.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import { requireVersion } from '../../registry/registry-store.ts';
import { sqlName, sqlText, type AnalyticsSession } from '../../storage/analytics/analytics.ts';
import { jsonCell, planBatch, rowsQuery, type BatchPlan, type FileColumn } from '../batch-plan.ts';
import { endpointRoute } from '../route-store.ts';
import { withScratchGateway, type ScratchGateway } from '../scratch-gateway.ts';
import { routeModel } from './build-route-table.ts';
import { joinFeatures } from './join-features.ts';

export type BatchOrder = {
  endpoint: string;
  /** A version by number or alias; null: the one at 100 % of the endpoint at the beginning. */
  version: string | null;
  input: { path: string; format: RowsFormat };
  output: { path: string; format: RowsFormat };
  /** Column with the instant at which each row's features must have been known; null: `atMs` for all. */
  time: string | null;
  atMs: number;
  signal: AbortSignal;
  /** Rows done so far, of all. */
  progress: (done: number, total: number) => void;
};

export type BatchResult = {
  endpoint: string;
  model: string;
  version: string;
  rows: number;
  errors: number;
  /** SHA-256 of the output file, and of the input. */
  digest: string;
  inputDigest: string;
};

const ROWS_PER_CALL = 2000;
const CALLS_AT_ONCE = 2;
/** A Python model costs as much for one row as for many. */
const PYTHON_LIMITS = { maxBatchRows: 1000, pythonTimeoutMs: 120_000 };
const RESTARTS_WAITED = 3;
const RESTART_MS = 2000;

/**
 * Scores the rows of a file by the version an endpoint serves, in a gateway of its own, so that live requests do not
 * wait. The output holds every row in its order with `score`, `model_version` and `error` (why a row has no score, in
 * the endpoint's words); it appears whole or not at all. Memory does not grow with the rows: they stream through DuckDB.
 * Event `batch.scored`. Throws `ENDPOINT_UNKNOWN`, `GATEWAY_NOT_READY`, `MODEL_UNKNOWN`, `SCORING_INPUT_INVALID`.
 */
export async function scoreBatch(ctx: Context, order: BatchOrder): Promise<BatchResult> {
  const version = await pinBatchVersion(ctx, order);
  const work = join(ctx.paths.temp, `${ctx.ids.next('scoring')}.parquet`);
  const partial = `${order.output.path}.partial`;
  try {
    const done = await ctx.analytics.session((session) =>
      scoreFile({ ctx, order, version, session, work, partial }),
    );
    const result: BatchResult = {
      endpoint: order.endpoint,
      model: version.model,
      version: version.version,
      ...done,
      digest: await digestOf(partial),
      inputDigest: await digestOf(order.input.path),
    };
    await rename(partial, order.output.path);
    await ctx.db.transaction().execute((tx) =>
      appendEvent(ctx, tx, {
        type: 'batch.scored',
        subject: { kind: 'model', id: version.model },
        data: {
          ...result,
          modelDigest: version.digest,
          views: Object.fromEntries(version.features.map((one) => [one.view, one.viewDigest])),
        },
      }),
    );
    return result;
  } finally {
    await rm(work, { force: true });
    await rm(partial, { force: true });
  }
}

type Scoring = {
  ctx: Context;
  order: BatchOrder;
  version: ModelVersion;
  session: AnalyticsSession;
  /** The input as numbered rows in parquet. */
  work: string;
  partial: string;
};

/** The version that scores. Throws `ENDPOINT_UNKNOWN`, `GATEWAY_NOT_READY`, `MODEL_UNKNOWN`. */
export async function pinBatchVersion(
  ctx: Pick<Context, 'db' | 'project'>,
  order: Pick<BatchOrder, 'endpoint' | 'version'>,
): Promise<ModelVersion> {
  const endpoints = ctx.project.definition().endpoints;
  const endpoint = Object.hasOwn(endpoints, order.endpoint) ? endpoints[order.endpoint] : undefined;
  if (!endpoint)
    throw new AppError(
      'ENDPOINT_UNKNOWN',
      `There is no endpoint "${order.endpoint}"; there is ${Object.keys(endpoints).join(', ') || 'none'}.`,
    );
  const named =
    order.version ?? (await endpointRoute(ctx.db, order.endpoint, endpoint.model)).champion;
  if (named === null)
    throw new AppError(
      'GATEWAY_NOT_READY',
      `No model version serves endpoint ${order.endpoint} yet.`,
    );
  return requireVersion(ctx.db, endpoint.model, named);
}

async function scoreFile(scoring: Scoring): Promise<{ rows: number; errors: number }> {
  const { ctx, order, session, version, work } = scoring;
  const columns = await numberRows(scoring);
  const plan = planBatch(columns, version, order.time);
  const [count] = await session.rows<{ rows: number }>(
    `select count(*) as rows from read_parquet(${sqlText(work)})`,
  );
  const total = count?.rows ?? 0;
  const table = `rondo_scored_${ctx.ids.next('t').replaceAll(/\W/g, '_')}`;
  await session.run(`create table ${table} (rondo_row bigint, score double, error varchar)`);
  try {
    // On a connection of its own: this one holds the stream of rows.
    const errors = await ctx.analytics.session(async ({ connection }) => {
      const appender = await connection.createAppender(table);
      const failed = await withScratchGateway(
        ctx,
        [await routeModel(ctx, version)],
        (gateway) => scoreRows(scoring, { plan, appender, total, gateway }),
        version.format === 'python-function' ? PYTHON_LIMITS : {},
      );
      appender.closeSync();
      return failed;
    });
    await writeOutput(scoring, table);
    return { rows: total, errors };
  } finally {
    await session.run(`drop table if exists ${table}`);
  }
}

/** Brings the input into one form with its rows numbered: a CSV's rows have no place to come back to. */
async function numberRows({ order, session, version, work }: Scoring): Promise<FileColumn[]> {
  const { path, format } = order.input;
  const describe = (source: string) =>
    session.rows<{ column_name: string; column_type: string }>(`describe select * from ${source}`);
  try {
    const seen = await describe(rowsQuery(path, format));
    const names = new Set(seen.map((column) => column.column_name));
    const texts = version.signature.filter(
      ({ name, type }) => type === 'string' && names.has(name),
    );
    const source = rowsQuery(
      path,
      format,
      texts.map(({ name }) => name),
    );
    await session.run(
      `copy (select row_number() over () as rondo_row, * from ${source}) to ${sqlText(work)} (format parquet)`,
    );
    return seen.map((column) => ({ name: column.column_name, type: column.column_type }));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new AppError('SCORING_INPUT_INVALID', `The file cannot be read as ${format}: ${reason}`, {
      cause: error,
    });
  }
}

async function scoreRows(
  scoring: Scoring,
  target: { plan: BatchPlan; appender: DuckDBAppender; total: number; gateway: ScratchGateway },
): Promise<number> {
  const { order, session } = scoring;
  const { plan, appender, total, gateway } = target;
  const result = await session.connection.stream(await rowsToScore(scoring, plan));
  const running: Promise<{ done: number; errors: number }>[] = [];
  let done = 0;
  let errors = 0;
  const settleOldest = async () => {
    const finished = await running.shift();
    done += finished?.done ?? 0;
    errors += finished?.errors ?? 0;
    order.progress(done, total);
  };
  let gathered: Record<string, unknown>[] = [];
  const send = () => {
    const call = scoreChunk(scoring.version, { plan, appender, gateway, rows: gathered });
    // Awaited in its turn; a failure before that must not go unheard.
    call.catch(() => undefined);
    running.push(call);
    gathered = [];
  };
  for await (const rows of result.yieldRowObjectJs()) {
    order.signal.throwIfAborted();
    for (const row of rows) {
      gathered.push(row);
      if (gathered.length === ROWS_PER_CALL) {
        send();
        if (running.length > CALLS_AT_ONCE) await settleOldest();
      }
    }
  }
  if (gathered.length > 0) send();
  while (running.length > 0) await settleOldest();
  return errors;
}

/** The rows in their order, with the features the file does not bring. */
async function rowsToScore(scoring: Scoring, plan: BatchPlan): Promise<string> {
  const { ctx, order, session, work } = scoring;
  const fields = ['rondo_row', ...plan.fields].map(sqlName).join(', ');
  const rows = `read_parquet(${sqlText(work)})`;
  if (plan.lookups.length === 0) return `select ${fields} from ${rows}`;
  return joinFeatures(ctx, session, { rows, fields, plan, time: order.time, atMs: order.atMs });
}

async function scoreChunk(
  version: ModelVersion,
  chunk: {
    plan: BatchPlan;
    appender: DuckDBAppender;
    gateway: ScratchGateway;
    rows: Record<string, unknown>[];
  },
): Promise<{ done: number; errors: number }> {
  const { plan, appender, gateway, rows } = chunk;
  const fields = rows.map((row) => fieldsOf(row, plan));
  const { scores, errors } = await scoreSteadily(gateway, version, fields);
  for (const [i, row] of rows.entries()) {
    appender.appendBigInt(BigInt(row['rondo_row'] as number | bigint));
    const score = scores[i] ?? null;
    if (score === null) appender.appendNull();
    else appender.appendDouble(score);
    const error = errors.get(i);
    if (error === undefined) appender.appendNull();
    else appender.appendVarchar(error);
    appender.endRow();
  }
  return { done: rows.length, errors: errors.size };
}

/** The fields of a request: a feature whose key is missing is left out, so that the row is refused for its key. */
function fieldsOf(row: Record<string, unknown>, plan: BatchPlan): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of plan.fields) fields[name] = jsonCell(row[name]);
  for (const { entity, features } of plan.lookups) {
    if (fields[entity] === null) continue;
    for (const { column } of features) fields[column] = jsonCell(row[column]);
  }
  return fields;
}

/** Rows that met a Python process that had died are asked again when it is back. */
async function scoreSteadily(
  gateway: ScratchGateway,
  { model, version }: ModelVersion,
  fields: Record<string, unknown>[],
): Promise<{ scores: (number | null)[]; errors: Map<number, string> }> {
  const scores: (number | null)[] = fields.map(() => null);
  const errors = new Map<number, string>();
  let left = fields.map((_, i) => i);
  for (let attempt = 0; ; attempt += 1) {
    const rows = left.map((i) => fields[i] ?? {});
    const scored = await gateway.client.scoreRows({ model, version, rows });
    for (const [at, i] of left.entries()) scores[i] = scored.scores[at] ?? null;
    const down: number[] = [];
    for (const { row, message } of scored.errors) {
      const i = left[row] ?? 0;
      errors.set(i, message);
      if (message.startsWith('GATEWAY_MODEL_DOWN')) down.push(i);
    }
    if (down.length === 0 || attempt === RESTARTS_WAITED) return { scores, errors };
    for (const i of down) errors.delete(i);
    left = down;
    await pause(RESTART_MS * (attempt + 1));
  }
}

async function writeOutput({ order, session, version, work, partial }: Scoring, table: string) {
  const query = `select i.* exclude (rondo_row), s.score, ${sqlText(version.version)} as model_version, s.error
    from read_parquet(${sqlText(work)}) i join ${table} s on i.rondo_row = s.rondo_row order by i.rondo_row`;
  await session.run(`copy (${query}) to ${sqlText(partial)} (${WRITTEN[order.output.format]})`);
}

const WRITTEN: Record<RowsFormat, string> = {
  parquet: 'format parquet, compression zstd',
  csv: 'format csv, header',
  json: 'format json, array true',
  jsonl: 'format json',
};

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
