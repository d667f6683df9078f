import { AppError } from '../../base/app-error.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { answerError, answerJson, requireJson, type Exchange } from '../exchange.ts';
import { GATEWAY_VERSION } from '../gateway-config.ts';
import { admit, canAnswer, instantOf, modelsOf, type Gateway } from '../gateway.ts';
import { chooseOutputs, outputsJson, wholeOutputsJson, type RowOutputs } from '../infer-answer.ts';
import { graphTensors, parseInferRequest, rowsOf, type InferRequest } from '../infer-request.ts';
import { versionsOf, type LiveEndpoint } from '../live-routes.ts';
import type { LoadedModel } from '../loaded-model.ts';
import type { Outcome } from '../batcher.ts';
import { deadlineError, unansweredError, type PredictedRow } from '../predictor.ts';
import { prepareRow, prepareVector } from '../row-plan.ts';
import { lookUpIn } from '../feature-copy.ts';

type Target = { kind: 'endpoint'; endpoint: LiveEndpoint } | { kind: 'model'; model: LoadedModel };

export function answerServerMetadata(exchange: Exchange, { routes }: Gateway): void {
  const { endpoints, models } = routes.current;
  answerJson(
    exchange,
    200,
    JSON.stringify({
      name: 'rondo',
      version: GATEWAY_VERSION,
      extensions: [],
      endpoints: [...endpoints.keys()],
      models: [...new Set([...models.values()].map(({ name }) => name))],
    }),
  );
}

export function answerServerLive(exchange: Exchange): void {
  answerJson(exchange, 200, '{"live":true}');
}

/** Ready when every endpoint that has a version can answer and predictions can be recorded. */
export function answerServerReady(exchange: Exchange, gateway: Gateway): void {
  const ready = !gateway.draining && gateway.spool.writable;
  if (!ready) exchange.response.setHeader('retry-after', '1');
  answerJson(exchange, ready ? 200 : 503, JSON.stringify({ live: true, ready }));
}

export function answerModelMetadata(
  exchange: Exchange,
  gateway: Gateway,
  name: string,
  version: string | null,
): void {
  const target = findTarget(gateway, name, version);
  const model = target.kind === 'model' ? target.model : modelOf(target.endpoint);
  const { columns, entities } = model.plan;
  answerJson(
    exchange,
    200,
    JSON.stringify({
      name,
      versions: versionsOf(gateway.routes.current, model.name).map((loaded) => loaded.version),
      platform: model.platform,
      inputs: model.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      outputs: model.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      properties: {
        model: model.name,
        version: model.version,
        columns: columns.map(({ name, type, required, source }) => ({
          name,
          type,
          required,
          feature: source ? `${source.view}.${source.feature}` : null,
        })),
        entities,
      },
    }),
  );
}

export function answerModelReady(
  exchange: Exchange,
  gateway: Gateway,
  name: string,
  version: string | null,
): void {
  const target = findTarget(gateway, name, version);
  const ready =
    target.kind === 'model'
      ? target.model.ready
      : canAnswer(target.endpoint) && modelOf(target.endpoint).ready;
  if (!ready) exchange.response.setHeader('retry-after', '1');
  answerJson(exchange, ready ? 200 : 503, JSON.stringify({ name, ready }));
}

export function answerInfer(
  exchange: Exchange,
  gateway: Gateway,
  name: string,
  version: string | null,
): void {
  requireJson(exchange);
  const target = findTarget(gateway, name, version);
  const request = parseInferRequest(exchange.body.toString());
  if (target.kind === 'endpoint') inferByEndpoint(exchange, gateway, target.endpoint, request);
  else if (target.model.byRows) inferByModel(exchange, gateway, target.model, request, name);
  else inferWhole(exchange, gateway, target.model, request, name);
}

/** Recorded, assigned to an arm, with the champion behind a failing challenger. */
function inferByEndpoint(
  exchange: Exchange,
  gateway: Gateway,
  endpoint: LiveEndpoint,
  request: InferRequest,
): void {
  const shape = modelOf(endpoint);
  const names = chooseOutputs(shape, request.outputs);
  const rows = rowsOf(shape, request.inputs);
  admit(gateway, rows.length, modelsOf(endpoint));
  gateway.predictor.predict({
    endpoint,
    rows,
    requestIds: rows.map(() => request.id),
    requestUnit: request.id,
    atMs: instantOf(gateway, exchange.request.headers['rondo-calendar-time']),
    startedMs: exchange.startedMs,
    expiresAtMs: exchange.expiresAtMs,
    answer: (predicted) => {
      const failed = predicted.find((row) => row.outputs === null);
      if (failed) {
        answerError(
          exchange,
          unansweredError(failed, {
            prefix: predicted.length > 1 ? `row ${predicted.indexOf(failed)}: ` : '',
          }),
        );
        return;
      }
      const versions = new Set(predicted.map((row) => row.model.version));
      const only = versions.size === 1 ? predicted[0]?.model.version : undefined;
      const ids = predicted.map((row) => row.id).join(',');
      answerJson(
        exchange,
        200,
        `{"model_name":${JSON.stringify(endpoint.routed.name)}` +
          (only === undefined ? '' : `,"model_version":${JSON.stringify(only)}`) +
          (request.id === null ? '' : `,"id":${JSON.stringify(request.id)}`) +
          `,"parameters":{"${predicted.length === 1 ? 'prediction_id' : 'prediction_ids'}":"${ids}"}` +
          `,"outputs":${outputsJson(names, predicted as (PredictedRow & RowOutputs)[])}}`,
      );
    },
    refuse: (error) => answerError(exchange, error),
  });
}

/** A named model version: not recorded, no arm. */
function inferByModel(
  exchange: Exchange,
  gateway: Gateway,
  model: LoadedModel,
  request: InferRequest,
  name: string,
): void {
  const names = chooseOutputs(model, request.outputs);
  const rows = rowsOf(model, request.inputs);
  admit(gateway, rows.length, [model]);
  const atMs = instantOf(gateway, exchange.request.headers['rondo-calendar-time']);
  const lookUp = lookUpIn(gateway.features.copy);
  const prepared = rows.map((row) =>
    'vector' in row
      ? prepareVector(model.plan, row.vector)
      : prepareRow(model.plan, row.fields, atMs, lookUp),
  );
  const results: RowOutputs[] = [];
  let left = prepared.length;
  let failure: AppError | null = null;
  for (const [i, { values }] of prepared.entries()) {
    gateway.batcher.enqueue({
      model,
      values,
      expiresAtMs: exchange.expiresAtMs,
      done: (outcome) => {
        if (outcome.kind === 'scored') results[i] = outcome;
        else if (outcome.kind === 'fault') failure ??= modelFault(outcome, i, prepared.length);
        else failure ??= deadlineError(exchange.expiresAtMs - exchange.startedMs);
        left -= 1;
        if (left > 0) return;
        if (failure) answerError(exchange, failure);
        else
          answerJson(exchange, 200, modelAnswer(name, model, request, outputsJson(names, results)));
      },
    });
  }
}

/** A graph whose rows cannot be told apart: one run for the request. */
function inferWhole(
  exchange: Exchange,
  gateway: Gateway,
  model: LoadedModel,
  request: InferRequest,
  name: string,
): void {
  const names = chooseOutputs(model, request.outputs).filter((output) =>
    model.outputs.some((known) => known.name === output),
  );
  admit(gateway, 1, [model]);
  gateway.batcher.enqueue({
    model,
    values: [],
    tensors: graphTensors(model, request.inputs),
    expiresAtMs: exchange.expiresAtMs,
    done: (outcome) => {
      if (outcome.kind === 'scored')
        answerJson(
          exchange,
          200,
          modelAnswer(name, model, request, wholeOutputsJson(names, outcome.outputs)),
        );
      else if (outcome.kind === 'fault') answerError(exchange, modelFault(outcome, 0, 1));
      else answerError(exchange, deadlineError(exchange.expiresAtMs - exchange.startedMs));
    },
  });
}

function modelAnswer(
  name: string,
  model: LoadedModel,
  { id }: InferRequest,
  outputs: string,
): string {
  return (
    `{"model_name":${JSON.stringify(name)},"model_version":${JSON.stringify(model.version)}` +
    `${id === null ? '' : `,"id":${JSON.stringify(id)}`},"outputs":${outputs}}`
  );
}

/** A name without version is an endpoint first, then a model at its newest version. */
function findTarget({ routes }: Gateway, name: string, version: string | null): Target {
  const live = routes.current;
  const endpoint = live.endpoints.get(name);
  if (endpoint && version === null) return { kind: 'endpoint', endpoint };
  const versions = versionsOf(
    live,
    endpoint && !live.table.models.some((model) => model.name === name)
      ? endpoint.routed.model
      : name,
  );
  const model =
    version === null
      ? versions.at(-1)
      : versions.find((candidate) => candidate.version === version);
  if (model) return { kind: 'model', model };
  if (versions.length > 0) {
    throw new AppError(
      'GATEWAY_UNKNOWN_MODEL',
      `model "${name}" has no version ${version} here; loaded are ${versions.map((loaded) => loaded.version).join(', ')}`,
    );
  }
  const names = [...live.endpoints.keys(), ...live.table.models.map((loaded) => loaded.name)];
  const near = nearestWord(name, names);
  throw new AppError(
    'GATEWAY_UNKNOWN_MODEL',
    `there is no endpoint or model "${name}"${near ? `; did you mean "${near}"?` : ''}`,
  );
}

/** The version whose inputs a request to an endpoint is read by. */
function modelOf(endpoint: LiveEndpoint): LoadedModel {
  const model = endpoint.champion ?? endpoint.release?.challenger;
  if (!model || !canAnswer(endpoint)) {
    throw new AppError(
      'GATEWAY_NOT_READY',
      `no model version serves endpoint ${endpoint.routed.name} yet`,
    );
  }
  return model;
}

function modelFault(
  { message, unavailable }: Extract<Outcome, { kind: 'fault' }>,
  row: number,
  rows: number,
): AppError {
  const prefix = rows > 1 ? `row ${row}: ` : '';
  return unansweredError({ error: message, unavailable }, { prefix });
}
