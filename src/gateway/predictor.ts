import { AppError } from '../base/app-error.ts';
import type { Json } from '../base/json.ts';
import type { RollbackRecord, SilentRecord } from '../contract/spool-record.ts';
import { assignArm } from '../delivery/assignment.ts';
import type { Batcher, Outcome } from './batcher.ts';
import type { GatewayLimits } from './gateway-config.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { LiveEndpoint } from './live-routes.ts';
import { scoreOf, type LoadedModel, type RunOutputs } from './loaded-model.ts';
import { messageOf } from '../base/message-of.ts';
import { recordLine } from './record-line.ts';
import type { ReleaseGuard } from './release-guard.ts';
import {
  fieldsOf,
  prepareRow,
  prepareVector,
  type LookUp,
  type PreparedRow,
  type Row,
} from './row-plan.ts';
import type { Spool } from './spool.ts';
import type { Cell } from './tensor-types.ts';

/** A row as a request gives it: named fields, or the full vector in the order of the model's columns. */
export type RequestRow = { fields: Row } | { vector: Cell[] };

export type PredictionRequest = {
  endpoint: LiveEndpoint;
  rows: readonly RequestRow[];
  /** The client's own ids, one for each row, where it gave them; they are recorded. */
  requestIds: readonly (string | null)[];
  /** The unit of all rows, where the endpoint assigns by request; else each row's own id is its unit. */
  requestUnit: string | null;
  atMs: number;
  /** Monotonic. */
  startedMs: number;
  expiresAtMs: number;
  answer: (rows: readonly PredictedRow[]) => void;
  refuse: (error: AppError) => void;
};

export type PredictedRow = {
  id: string;
  requestId: string | null;
  unit: string;
  arm: 'champion' | 'challenger';
  /** The model whose answer is sent, and where in its run it lies; null when none could answer. */
  model: LoadedModel;
  outputs: RunOutputs | null;
  row: number;
  score: number | null;
  /** Error of the model of the arm. */
  error: string | null;
  /** No model could answer because the one that should is not there at this moment. */
  unavailable: boolean;
  prepared: PreparedRow;
};

export type Predictor = {
  /** Scores the rows of a request by an endpoint, records them, then answers. Throws AppError for bad input. */
  predict(request: PredictionRequest): void;
  /** Records and answers all requests that are complete; called after each batch. */
  settle(): void;
  readonly silentDropped: number;
};

type Pending = {
  request: PredictionRequest;
  rows: PendingRow[];
  left: number;
  expired: boolean;
};

type PendingRow = PredictedRow & {
  pending: Pending;
  /** The other model of the release, with its row: scored silently after the answer. */
  other: { model: LoadedModel; prepared: PreparedRow } | null;
  /** How much of its latency is the other arm's: it waited behind runs of other models. */
  behindMs: number;
  /** Why the challenger could not even take the row that the champion answers. */
  challengerRefusal: string | null;
};

export function createPredictor(deps: {
  batcher: Batcher;
  spool: Spool;
  guard: ReleaseGuard;
  metrics: GatewayMetrics;
  limits: GatewayLimits;
  lookUp: LookUp;
  nextId: () => string;
  nowMs: () => number;
  /** Called when the gateway took a release back. */
  onRollback: (record: RollbackRecord) => void;
}): Predictor {
  const { batcher, spool, guard, metrics, limits, lookUp, nextId, nowMs } = deps;
  let complete: Pending[] = [];
  let silentLines: string[] = [];
  let silentDropped = 0;

  function predict(request: PredictionRequest): void {
    const { endpoint } = request;
    const pending: Pending = { request, rows: [], left: request.rows.length, expired: false };
    let { requestUnit } = request;
    for (let i = 0; i < request.rows.length; i += 1) {
      const given = request.rows[i];
      if (!given) continue;
      const id = nextId();
      const requestId = request.requestIds[i] ?? null;
      // Rows of one request without a unit of their own share their arm.
      if (requestId === null) requestUnit ??= id;
      const unit = unitOf(endpoint, given, requestUnit ?? requestId ?? id);
      pending.rows.push(placeRow(pending, given, { id, requestId, unit }));
    }
    for (const row of pending.rows) {
      row.other?.model.hold();
      enqueue(row);
    }
  }

  /** Chooses the arm and prepares the row for the answering model and for the silent one, at one instant. */
  function placeRow(
    pending: Pending,
    given: RequestRow,
    ids: Pick<PredictedRow, 'id' | 'requestId' | 'unit'>,
  ): PendingRow {
    const { endpoint, atMs } = pending.request;
    const { champion, release } = endpoint;
    const base = {
      ...ids,
      pending,
      outputs: null,
      row: 0,
      score: null,
      error: null,
      unavailable: false,
      challengerRefusal: null,
      behindMs: 0,
    };
    if (!release || !champion) {
      const model = champion ?? (release && release.routed.share >= 1 ? release.challenger : null);
      if (!model)
        throw new AppError(
          'GATEWAY_NOT_READY',
          `no model version serves endpoint ${endpoint.routed.name} yet`,
        );
      return {
        ...base,
        arm: champion ? 'champion' : 'challenger',
        model,
        prepared: prepare(model, given, atMs),
        other: null,
      };
    }
    const arm = assignArm(release.routed.salt, ids.unit, release.routed.share);
    const forChampion = prepare(champion, given, atMs);
    let forChallenger: PreparedRow;
    try {
      forChallenger = release.sameRows
        ? forChampion
        : prepare(release.challenger, given, atMs, champion);
    } catch (error) {
      // The request is good for the champion, so this is the challenger's failure, not the client's.
      const failure = messageOf(error);
      if (arm === 'challenger') countError(endpoint, 'challenger', atMs);
      const refusal = arm === 'challenger' ? { error: failure } : { challengerRefusal: failure };
      return { ...base, arm, model: champion, prepared: forChampion, other: null, ...refusal };
    }
    return arm === 'champion'
      ? {
          ...base,
          arm,
          model: champion,
          prepared: forChampion,
          other: { model: release.challenger, prepared: forChallenger },
        }
      : {
          ...base,
          arm,
          model: release.challenger,
          prepared: forChallenger,
          other: { model: champion, prepared: forChampion },
        };
  }

  function prepare(
    model: LoadedModel,
    given: RequestRow,
    atMs: number,
    vectorOf: LoadedModel = model,
  ): PreparedRow {
    if ('fields' in given) return prepareRow(model.plan, given.fields, atMs, lookUp);
    if (vectorOf === model) return prepareVector(model.plan, given.vector);
    return prepareRow(model.plan, fieldsOf(vectorOf.plan, given.vector), atMs, lookUp);
  }

  function enqueue(row: PendingRow): void {
    batcher.enqueue({
      model: row.model,
      values: row.prepared.values,
      expiresAtMs: row.pending.request.expiresAtMs,
      done: (outcome, behindMs) => {
        row.behindMs = behindMs;
        finishRow(row, outcome);
      },
    });
  }

  function finishRow(row: PendingRow, outcome: Outcome): void {
    const { pending } = row;
    const { endpoint, atMs } = pending.request;
    if (outcome.kind === 'scored') {
      row.outputs = outcome.outputs;
      row.row = outcome.row;
      row.score = scoreOf(outcome.outputs, outcome.row);
    } else if (outcome.kind === 'expired') {
      pending.expired = true;
    } else {
      const failedAsChallenger = row.error === null && row.arm === 'challenger';
      if (row.error === null && endpoint.release) countError(endpoint, row.arm, atMs);
      row.error ??= outcome.message;
      if (failedAsChallenger && row.other) {
        const { model, prepared } = row.other;
        row.model = model;
        row.prepared = prepared;
        row.other = null;
        enqueue(row);
        model.release();
        return;
      }
      row.unavailable = outcome.unavailable;
    }
    pending.left -= 1;
    if (pending.left === 0) complete.push(pending);
  }

  function countError(
    { release }: LiveEndpoint,
    arm: 'champion' | 'challenger',
    atMs: number,
  ): void {
    if (!release) return;
    const record = guard.countError(release.routed, arm, atMs);
    if (!record) return;
    silentLines.push(JSON.stringify(record));
    deps.onRollback(record);
  }

  function settle(): void {
    const pendings = complete;
    complete = [];
    if (pendings.length > 0) answerAll(pendings);
    if (silentLines.length > 0) {
      const lines = silentLines;
      silentLines = [];
      try {
        spool.append(lines);
      } catch {
        silentDropped += lines.length;
      }
    }
  }

  function answerAll(pendings: Pending[]): void {
    const now = nowMs();
    const lines: string[] = [];
    for (const pending of pendings) {
      if (!pending.expired) for (const row of pending.rows) lines.push(lineOf(row, now));
    }
    let unrecorded: AppError | null = null;
    try {
      spool.append(lines);
    } catch (error) {
      metrics.unrecorded(lines.length);
      if (limits.whenUnrecorded === 'refuse') {
        unrecorded = new AppError(
          'GATEWAY_CANNOT_RECORD',
          `predictions cannot be recorded: ${messageOf(error)}`,
          { cause: error },
        );
      }
    }
    for (const pending of pendings) {
      const { request } = pending;
      metrics.finished(pending.rows, request.endpoint, now - request.startedMs);
      if (pending.expired) request.refuse(deadlineError(now - request.startedMs));
      else if (unrecorded) request.refuse(unrecorded);
      else request.answer(pending.rows);
      const recorded = !pending.expired && !unrecorded;
      for (const row of pending.rows) {
        if (recorded) scoreSilently(row);
        row.other?.model.release();
      }
    }
  }

  /** The other model scores the row too, after the answer; what cannot wait in the bounded queue is dropped and counted. */
  function scoreSilently(row: PendingRow): void {
    const { other, id, arm, challengerRefusal } = row;
    const { endpoint, atMs } = row.pending.request;
    const live = endpoint.release;
    if (!live) return;
    const release = live.routed;
    const startedMs = nowMs();
    const record = (version: string, score: number | null, error: string | null) => {
      const latencyUs = Math.round((nowMs() - startedMs) * 1000);
      const silent: SilentRecord = {
        kind: 'silent',
        id,
        release: release.id,
        version,
        score,
        error,
        latencyUs,
      };
      silentLines.push(JSON.stringify(silent));
      // In shadow both models meet every request, so the silent challenger's errors are evidence.
      if (error !== null && arm === 'champion' && release.share <= 0)
        countError(endpoint, 'challenger', atMs);
    };
    if (challengerRefusal !== null) {
      record(live.challenger.version, null, challengerRefusal);
    } else if (other && batcher.waitingFor(other.model).silentRows >= limits.maxSilentRows) {
      silentDropped += 1;
    } else if (other) {
      batcher.enqueueSilent({
        model: other.model,
        values: other.prepared.values,
        expiresAtMs: Number.POSITIVE_INFINITY,
        done: (outcome) => {
          const score = outcome.kind === 'scored' ? scoreOf(outcome.outputs, outcome.row) : null;
          record(other.model.version, score, outcome.kind === 'fault' ? outcome.message : null);
        },
      });
    }
  }

  return {
    predict,
    settle,
    get silentDropped() {
      return silentDropped;
    },
  };
}

/** The model of a row's arm may have failed and the champion answered; with no answer at all the version is null. */
function lineOf(row: PendingRow, now: number): string {
  const { request } = row.pending;
  const { routed, release } = request.endpoint;
  const { prepared, model } = row;
  return recordLine({
    id: row.id,
    requestId: row.requestId,
    endpoint: routed.name,
    atMs: request.atMs,
    unit: row.unit,
    arm: row.arm,
    release: release?.routed,
    model: routed.model,
    version: row.outputs ? model.version : null,
    plan: model.plan,
    values: prepared.values,
    entities: prepared.entities,
    views: prepared.views,
    missing: prepared.missing,
    score: row.score,
    error: row.error,
    latencyUs: Math.round((now - request.startedMs - row.behindMs) * 1000),
  });
}

function unitOf(endpoint: LiveEndpoint, given: RequestRow, requestUnit: string): string {
  const { assignBy } = endpoint.routed;
  if (assignBy === 'request' || !('fields' in given)) return requestUnit;
  const value = given.fields[assignBy];
  return value === undefined || value === null ? requestUnit : String(value);
}

/** The answer to a request none of whose rows, or not all, got a score. */
export function unansweredError(
  { error, unavailable }: Pick<PredictedRow, 'error' | 'unavailable'>,
  more: { prefix?: string; details?: Record<string, Json> } = {},
): AppError {
  const { prefix = '', details } = more;
  return new AppError(
    unavailable ? 'GATEWAY_MODEL_DOWN' : 'GATEWAY_MODEL_FAULT',
    `${prefix}${error ?? 'no answer'}`,
    details === undefined ? {} : { details },
  );
}

export function deadlineError(waitedMs: number): AppError {
  return new AppError(
    'GATEWAY_DEADLINE',
    `the request was not answered within its time: it waited ${Math.round(waitedMs)} ms`,
  );
}
